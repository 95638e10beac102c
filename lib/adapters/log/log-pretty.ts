import type { DestinationStream } from "pino";
import { visibleText } from "../../rules/base/visible-text.ts";

/**
 * Turns pino's JSON lines into readable lines: `14:03:07.123+01:00 WARN  message  topic=golang_log reason="no broker"`.
 *
 * Runs in this thread; pino's own transports start a worker.
 */
export function prettyStream(out: DestinationStream): DestinationStream {
  return { write: (line) => out.write(prettyLine(line)) };
}

/** Formats one JSON line with local time and its offset from UTC. Escapes control characters, so that logged text cannot drive the terminal. */
export function prettyLine(line: string): string {
  const entry: { time: string; level: string; msg?: string } = JSON.parse(line);
  const { time, level, msg, ...fields } = entry;
  const words = [localTime(new Date(time)), level.toUpperCase().padEnd(5), visibleText(msg ?? "")];
  const pairs = Object.entries(fields).map(([name, value]) => `${visibleText(name)}=${pretty(value)}`);
  return `${words.join(" ")}${pairs.length === 0 ? "" : `  ${pairs.join(" ")}`}\n`;
}

function pretty(value: unknown): string {
  if (typeof value === "string" && /^[\w.:/@*+-]+$/.test(value)) return value;
  return visibleText(JSON.stringify(value) ?? "");
}

/** `Z`, or the offset from UTC: whoever compares with the console, which is local, must know. */
function zoneOf(time: Date): string {
  const minutes = -time.getTimezoneOffset();
  if (minutes === 0) return "Z";
  const two = (part: number) => String(Math.floor(part)).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
}

function localTime(time: Date): string {
  const two = (part: number) => String(part).padStart(2, "0");
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
  return `${clock}.${String(time.getMilliseconds()).padStart(3, "0")}${zoneOf(time)}`;
}
