import { type DestinationStream, destination as openDestination, pino, stdTimeFunctions } from "pino";
import type { LogFields, Logger } from "../../rules/base/logger.ts";
import { HIDDEN, Secret } from "../../rules/secrets/secret.ts";
import type { Settings } from "../../rules/model/settings.ts";
import { visibleLines } from "../../rules/base/visible-text.ts";
import { prettyStream } from "./log-pretty.ts";

export interface LogOptions {
  /** A function is called for every line. */
  readonly level: Settings["log"]["level"] | (() => Settings["log"]["level"]);
  /** True: one readable line in local time, for a terminal. False: JSON lines. */
  readonly pretty: boolean;
  /** Removes secrets from a text; called for every text of every line. */
  readonly hide?: (text: string) => string;
  /** Receives whole lines, line feed included; default: standard output. */
  readonly destination?: DestinationStream;
}

const secretName =
  /^(authorization|(set-?)?cookies?|pass(word|phrase)|.*token|api_?key|secret|credentials?)$/i;
/** Deeper fields are left out: a log line names things, it does not carry them. */
const maxDepth = 4;

/**
 * Logs one line per call: `time` (ISO 8601, UTC), `level` (by name), `msg`, then the fields.
 *
 * An error among the fields becomes `{ type, message, code }`, plus its stack at level debug or trace. Its other
 * properties are dropped: an Elasticsearch error holds the whole request, log lines included. Lines are written
 * synchronously, so that the last one before an exit is not lost.
 */
export function createLogger(options: LogOptions): Logger {
  const { level, pretty, hide = (text: string) => text } = options;
  const levelNow = () => (typeof level === "function" ? level() : level);
  const destination = options.destination ?? openDestination({ dest: 1, sync: true });
  // JSON lines may end up on a terminal too (`docker logs`), and JSON leaves most control characters unescaped.
  const out = { write: (line: string) => destination.write(visibleLines(line)) };
  const log = pino(
    {
      level: levelNow(),
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pretty ? prettyStream(out) : out,
  );

  const write = (as: "debug" | "info" | "warn" | "error") => (message: string, fields?: LogFields) => {
    const now = levelNow();
    if (log.level !== now) log.level = now;
    if (!log.isLevelEnabled(as)) return;
    const withStack = log.isLevelEnabled("debug");
    log[as](fields === undefined ? {} : plainFields(fields, { hide, withStack }), hide(message));
  };
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}

interface Rendering {
  readonly hide: (text: string) => string;
  readonly withStack: boolean;
}

function plainFields(fields: LogFields, rendering: Rendering): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      secretName.test(name) && value !== null && value !== undefined ? HIDDEN : plain(value, rendering, 0),
    ]),
  );
}

function plain(value: unknown, rendering: Rendering, depth: number): unknown {
  if (typeof value === "string") return rendering.hide(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Secret) return HIDDEN;
  if (value instanceof Error) return plainError(value, rendering);
  if (value instanceof Date) return value.toJSON();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth === maxDepth) return "[deeper]";
  if (Array.isArray(value)) return value.map((item) => plain(item, rendering, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      secretName.test(name) ? HIDDEN : plain(item, rendering, depth + 1),
    ]),
  );
}

function plainError(error: Error, { hide, withStack }: Rendering): Record<string, unknown> {
  const code: unknown = "code" in error ? error.code : undefined;
  return {
    type: error.name,
    message: hide(error.message),
    ...(typeof code === "string" || typeof code === "number" ? { code } : {}),
    ...(withStack && error.stack !== undefined ? { stack: hide(error.stack) } : {}),
  };
}
