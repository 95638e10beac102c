import { LineHead } from "./line-head.ts";
import { type Level, syslogLevels } from "./log-level.ts";

/**
 * Reads the level from the head of a text line, where one stands in a place and a spelling that cannot be anything else;
 * null: none that is sure. What goes before it is passed over: times, numbers, what is in brackets, names with dots or
 * digits in them, `key=value`, the host and the program of syslog, colour codes. At the first word of a sentence it ends,
 * so that "no error found" and "Error handling enabled" say nothing.
 *
 * The reader is kept for many lines and makes no garbage.
 */
export function createLineLevelReader(): (line: Uint8Array) => Level | null {
  const head = new LineHead();
  return (line) => (line[0] === 0x3c ? priorityLevel(line) : head.levelOf(line));
}

/** `<134>` of syslog: facility × 8 + severity. */
function priorityLevel(line: Uint8Array): Level | null {
  let at = 1;
  let priority = 0;
  for (; at < 4 && (line[at] ?? 0) >= 0x30 && (line[at] ?? 0) <= 0x39; at += 1)
    priority = priority * 10 + (line[at] ?? 0) - 0x30;
  if (at === 1 || line[at] !== 0x3e || priority > 191) return null;
  return syslogLevels[priority & 7] ?? null;
}
