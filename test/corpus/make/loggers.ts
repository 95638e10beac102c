// `bun test/corpus/make/loggers.ts FOLDER [NAME…]`: runs the loggers in FOLDER, where the README says they are installed, and
// keeps what they print in test/corpus/sources.
import { hostname } from "node:os";
import { join } from "node:path";
import type { CorpusSource } from "../../../infra/bench/load/material.ts";
import { logEvents } from "./events.ts";
import { writeSources } from "./write-source.ts";

/** How a logger writes the time, as its own manual says: reads it of one record, whole milliseconds. */
type TimeOf = (text: string) => number;

interface Logger {
  readonly format?: "text";
  readonly timestamp?: string;
  readonly timeOf?: TimeOf;
  readonly text?: string;
  readonly groups?: readonly string[];
}

/** The digits as they are written: a number would lose those beyond 2^53. */
function digits(text: string, name: string): { readonly whole: string; readonly fraction: string } {
  const [, whole = "", fraction = ""] = new RegExp(`"${name}": ?"?(\\d+)(?:\\.(\\d+))?`).exec(text) ?? [];
  return { whole, fraction };
}
/** Of a number of so many units a second, which is 10 to the power of `places`. */
const epoch =
  (name: string, places: number): TimeOf =>
  (text) => {
    const { whole, fraction } = digits(text, name);
    const all = `${whole}${fraction.padEnd(9, "0")}`;
    return Number(all.slice(0, whole.length - places + 3));
  };
const iso =
  (name: string): TimeOf =>
  (text) => {
    const [, written = ""] = new RegExp(`"${name}": ?"([^"]+)"`).exec(text) ?? [];
    const plain = written.replace(" ", "T").replace(",", ".");
    return Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(plain) ? plain : `${plain}Z`);
  };
const log4jInstant: TimeOf = (text) =>
  Number(digits(text, "epochSecond").whole) * 1000 +
  Math.floor(Number(digits(text, "nanoOfSecond").whole) / 1e6);

const services = ["15 services"];
const apps = ["41 applications"];
const text = { format: "text" } as const;

const node: Readonly<Record<string, Logger>> = {
  "pino-default": { timestamp: "time", timeOf: epoch("time", 3), text: "msg", groups: services },
  "pino-unix-time": { timestamp: "time", timeOf: epoch("time", 0), text: "msg", groups: apps },
  "pino-labels": { timestamp: "time", timeOf: iso("time"), text: "message", groups: apps },
  "pino-children": { timestamp: "time", timeOf: epoch("time", 3), text: "msg", groups: apps },
  "pino-http": { timestamp: "time", timeOf: epoch("time", 3), text: "msg", groups: services },
  "winston-json": { timestamp: "timestamp", timeOf: iso("timestamp"), text: "message", groups: services },
  "winston-splat": { timestamp: "timestamp", timeOf: iso("timestamp"), text: "message" },
  "winston-message-object": {
    timestamp: "timestamp",
    timeOf: iso("timestamp"),
    text: "message",
    groups: services,
  },
  "winston-logstash": { timestamp: "@timestamp", timeOf: iso("@timestamp"), text: "@message", groups: apps },
  "winston-simple-colour": text,
  "winston-simple": text,
  bunyan: { timestamp: "time", timeOf: iso("time"), text: "msg", groups: services },
  console: text,
};

const python: Readonly<Record<string, Logger>> = {
  "python-logging-default": text,
  "python-logging-asctime": text,
  "python-json-logger": { timestamp: "asctime", timeOf: iso("asctime"), text: "message", groups: services },
  "python-json-logger-timestamp": { timestamp: "timestamp", timeOf: iso("timestamp"), text: "message" },
  "structlog-json": { timestamp: "timestamp", timeOf: iso("timestamp"), text: "event", groups: services },
  "structlog-unix": { timestamp: "timestamp", timeOf: epoch("timestamp", 0), text: "event", groups: apps },
  "structlog-console": text,
  "loguru-serialized": {
    timestamp: "record.time.timestamp",
    timeOf: epoch("timestamp", 0),
    text: "text",
    groups: services,
  },
  "loguru-text": text,
  "uvicorn-access": text,
};

const go: Readonly<Record<string, Logger>> = {
  "zap-production": { timestamp: "ts", timeOf: epoch("ts", 0), text: "msg", groups: services },
  "zap-nanoseconds": { timestamp: "ts", timeOf: epoch("ts", 9), text: "msg", groups: apps },
  "zap-iso": { timestamp: "ts", timeOf: iso("ts"), text: "msg", groups: apps },
  "zap-development": text,
  "zerolog-default": { timestamp: "time", timeOf: iso("time"), text: "message", groups: apps },
  "zerolog-unix": { timestamp: "time", timeOf: epoch("time", 0), text: "message", groups: services },
  "zerolog-unix-micro": { timestamp: "time", timeOf: epoch("time", 6), text: "message", groups: apps },
  "zerolog-console": text,
  "logrus-text": text,
  "logrus-json": { timestamp: "time", timeOf: iso("time"), text: "msg", groups: services },
  "slog-text": text,
  "slog-json": { timestamp: "time", timeOf: iso("time"), text: "msg", groups: services },
  "go-log": text,
};

const java: Readonly<Record<string, Logger>> = {
  "log4j2-ecs": { timestamp: "@timestamp", timeOf: iso("@timestamp"), text: "message", groups: services },
  "log4j2-gelf": {
    timestamp: "timestamp",
    timeOf: epoch("timestamp", 0),
    text: "short_message",
    groups: apps,
  },
  "log4j2-json": { timestamp: "instant", timeOf: log4jInstant, text: "message", groups: services },
  "log4j2-logstash": { timestamp: "@timestamp", timeOf: iso("@timestamp"), text: "message" },
  "log4j2-pattern": text,
  "logback-pattern": text,
  "logback-spring": text,
  "logstash-encoder": {
    timestamp: "@timestamp",
    timeOf: iso("@timestamp"),
    text: "message",
    groups: services,
  },
};

const javaOptions = ["-Dfile.encoding=UTF-8", "-Dstdout.encoding=UTF-8", "-Duser.timezone=UTC"];
const commands: readonly (readonly [Readonly<Record<string, Logger>>, string, readonly string[]])[] = [
  [node, "node", ["node", "log.js"]],
  [python, "python", ["venv/bin/python", "log.py"]],
  [go, "go", ["./shop"]],
  [java, "java", ["java", ...javaOptions, "-cp", "classes:jars/*", "Log"]],
];

const EVENTS = 40;

/** Every record that the logger prints for the events of its seed: what it writes in one call. */
async function recordsOf(name: string, folder: string, command: readonly string[]): Promise<string[]> {
  const events = logEvents(Bun.hash.crc32(name), EVENTS);
  const child = Bun.spawn([...command, name], {
    cwd: folder,
    env: { ...process.env, TZ: "UTC" },
    stdin: Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join("")),
    stderr: "inherit",
  });
  const printed = await child.stdout.text();
  if ((await child.exited) !== 0) throw new Error(`${name} failed`);
  return printed
    .replaceAll(new RegExp(`"${hostname()}"`, "g"), '"shop-7d9c"')
    .split("\u001e")
    .map((record) => record.replace(/\n$/, ""))
    .flatMap((record) => (/^\{.*\n\{/.test(record) ? record.split("\n") : [record]))
    .filter((record) => record !== "");
}

const [folder = "", ...wanted] = process.argv.slice(2);
for (const [loggers, language, command] of commands) {
  for (const [name, { format = "json", timestamp, timeOf, text = null, groups = [] }] of Object.entries(
    loggers,
  )) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const records = await recordsOf(name, join(folder, language), command);
    const source: CorpusSource = {
      name,
      format,
      timestamp: timestamp === undefined ? [] : [timestamp],
      text,
      groups: [...groups],
      origin: "logger",
    };
    const made = records.map((record) => ({ value: Buffer.from(record), timeMs: timeOf?.(record) ?? null }));
    await writeSources(new Map([[source, made]]));
  }
}
