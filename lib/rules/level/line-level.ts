import { LineHead } from "./line-head.ts";
import { type Level, syslogLevels } from "./log-level.ts";

/**
 * Reads the level from the head of a text line if its place and spelling allow no other meaning; null if unsure. Skips
 * times, numbers, text in brackets, names with dots or digits, `key=value`, the host and program of syslog, and colour
 * codes. Stops at the first word of a sentence, so "no error found" and "Error handling enabled" have no level.
 *
 * One reader serves many lines and makes no garbage.
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
