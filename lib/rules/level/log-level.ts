import { isObject } from "../json/object.ts";

/** The values that documents have in ECS `log.level`. */
export const levels = ["trace", "debug", "info", "warn", "error", "fatal"] as const;
export type Level = (typeof levels)[number];

const spellings: Readonly<Record<Level, string>> = {
  trace: "trace trce trac trc verbose verb vrb finest silly t v",
  debug: "debug dbug debu debg dbg debug1 debug2 debug3 debug4 debug5 fine finer d d1 d2 d3 d4 d5",
  info: "info inf information informational notice note log config success i n",
  warn: "warn warning wrn w",
  error: "error err eror erro fail severe e",
  fatal: "fatal fata ftl critical crit crt emergency emerg alert panic pani dpanic f c",
};

/** By lower-case spelling. */
export const levelBySpelling: ReadonlyMap<string, Level> = new Map(
  levels.flatMap((level) => spellings[level].split(" ").map((word) => [word, level] as const)),
);

/** By severity of syslog (RFC 5424), 0 to 7. */
export const syslogLevels = ["fatal", "fatal", "fatal", "error", "warn", "info", "info", "debug"] as const;

type Numbers = (number: number) => Level | null;

const ofSyslog: Numbers = (number) => syslogLevels[number] ?? null;
/** pino's and bunyan's 10, 20, … 60. */
const ofPino: Numbers = (number) => (number > 60 ? null : (levels[Math.floor(number / 10) - 1] ?? null));
/** 10, 20, … 50; some libraries add 5 for tracing. */
const ofPython: Numbers = (number) =>
  number < 5 || number > 50 ? null : (levels[Math.floor(number / 10)] ?? null);
/** 1 to 24, four per level. */
const ofOtlp: Numbers = (number) => levels[Math.ceil(number / 4) - 1] ?? null;
/** Azure's Application Insights. */
const ofInsights: Numbers = (number) =>
  (["trace", "info", "warn", "error", "fatal"] as const)[number] ?? null;
const none: Numbers = () => null;
/** Below 8 as in GELF and syslog, from 10 as in pino: no logger uses both. */
const bySize: Numbers = (number) => ofSyslog(number) ?? ofPino(number);

/**
 * Names that loggers use for the level, in order of precedence, and the meaning of numbers there: 30 is `info` for pino
 * and `warn` for Python. Case, `_` and `-` in a name do not matter, except for `exactNames`.
 */
const numbersByName: ReadonlyMap<string, Numbers> = new Map([
  ["log.level", bySize],
  // As an object: ECS' `{"log":{"level":…}}`, loguru's `{"record":{"level":{"name":…}}}`.
  ["log", none],
  ["record", none],
  ["level", bySize],
  ["severity", bySize],
  ["loglevel", ofPino],
  ["lvl", ofPino],
  ["levelname", none],
  ["@l", none],
  ["@level", none],
  ["severitytext", none],
  ["errorseverity", none],
  ["syslogseveritytext", none],
  ["severitynumber", ofOtlp],
  ["severitylabel", none],
  ["severitylevel", ofInsights],
  ["levelno", ofPython],
  ["levelnumber", ofPython],
  ["syslogseverity", ofSyslog],
  // journald.
  ["PRIORITY", ofSyslog],
  // MongoDB, CockroachDB.
  ["s", none],
  ["sev", none],
  // Falco.
  ["priority", none],
]);
const orderByName = new Map([...numbersByName.keys()].map((name, order) => [name, order]));
/** In any other spelling these mean something else. */
const exactNames = new Set(["PRIORITY", "s"]);
const mongoSeverity = /^(?:[IWEF]|D[1-5]?)$/;

/** The precedence of a member that may contain the level, lowest first; -1 if its name is none of those. */
export function levelOrder(name: string): number {
  return orderByName.get(keyOf(name)) ?? -1;
}

function keyOf(name: string): string {
  if (exactNames.has(name)) return name;
  const key = name.toLowerCase().replace(/[_-]/g, "");
  return exactNames.has(key) ? "" : key;
}

/** Names that must occur next to these, or a number below 8 is not syslog's, and a letter not MongoDB's. */
const signs: ReadonlyMap<string, RegExp> = new Map([
  // Otherwise it may be the level of a tank.
  ["level", /^(?:message|msg|short_message|facility)$/i],
  // Security products count the other way: 8 is severe.
  ["severity", /facility/i],
  ["s", /^ctx$/],
]);

/** Whether a member with an ambiguous name is a level, judged by all names of its object. */
export function hasLevelSign(name: string, names: Iterable<string>): boolean {
  const key = keyOf(name);
  const sign = signs.get(key);
  if (sign === undefined) return true;
  // In Windows' `Level`, 2 is an error.
  if (name !== key) return false;
  for (const other of names) if (sign.test(other)) return true;
  return false;
}

/**
 * The level that a member states; null if none, or if unsure.
 * @param hasSign the result of `hasLevelSign`
 */
export function levelOf(name: string, value: unknown, hasSign = true): Level | null {
  const key = keyOf(name);
  const named = numbersByName.get(key);
  if (named === undefined) return null;
  const numbers = hasSign ? named : ofPino;
  if (key === "s")
    return hasSign && typeof value === "string" && mongoSeverity.test(value) ? ofText(value, numbers) : null;
  if (key === "log" || key === "record") return isObject(value) ? ofObject(value["level"], numbers) : null;
  return ofObject(value, numbers);
}

/** log4j2's `{"standardLevel":"INFO","intLevel":400}`, loguru's `{"name":"INFO","no":20}`, or the level itself. */
function ofObject(value: unknown, numbers: Numbers): Level | null {
  if (!isObject(value)) return ofScalar(value, numbers);
  return ofScalar(value["standardLevel"], none) ?? ofScalar(value["name"], none);
}

function ofScalar(value: unknown, numbers: Numbers): Level | null {
  if (typeof value === "number") return Number.isInteger(value) ? numbers(value) : null;
  return typeof value === "string" ? ofText(value, numbers) : null;
}

// eslint-disable-next-line no-control-regex
const colourCode = /\u001b\[[\d;]*m/g;
/** No spelling is longer, even with colour codes around it. */
const maxTextLength = 40;

function ofText(text: string, numbers: Numbers): Level | null {
  if (text.length > maxTextLength) return null;
  const word = text.replace(colourCode, "").trim().toLowerCase();
  if (/^\d{1,2}$/.test(word)) return numbers(Number(word));
  // Go's slog writes a level between two others as `INFO+2`.
  return levelBySpelling.get(word.replace(/(?<=^(?:debug|info|warn|error))[+-]\d{1,2}$/, "")) ?? null;
}

/** Remembered values per name. Most producers write no more than there are levels. */
const knownValues = 16;
const maxKnownBytes = 32;

interface KnownValue {
  readonly raw: Uint8Array;
  readonly level: Level | null;
}

/** `levelOf` for one name and many values, given as JSON between two positions of a buffer. Parses each value once. */
export function createLevelReader(
  name: string,
  hasSign = true,
): (bytes: Buffer, start: number, end: number) => Level | null {
  const known: KnownValue[] = [];
  return (bytes, start, end) => {
    for (const value of known) if (isAt(value.raw, bytes, start, end)) return value.level;
    const level = levelOf(name, JSON.parse(bytes.toString("utf8", start, end)), hasSign);
    if (end - start > maxKnownBytes) return level;
    if (known.length === knownValues) known.pop();
    known.unshift({ raw: Uint8Array.prototype.slice.call(bytes, start, end), level });
    return level;
  };
}

function isAt(raw: Uint8Array, bytes: Buffer, start: number, end: number): boolean {
  if (raw.length !== end - start) return false;
  for (let at = 0; at < raw.length; at += 1) if (raw[at] !== bytes[start + at]) return false;
  return true;
}
