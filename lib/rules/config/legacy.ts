import { isObject } from "../json/object.ts";
import { cut, showValue, type Fault, type Path } from "../yaml/problem.ts";

/**
 * The config file of the older program, a Go service that read it with viper, which ignores the case of keys.
 *
 * ```yaml
 * catsyslog: { logpath: /var/log/self, loglevel: debug }
 * collectlogs: [{ logpath: /var/log/a.log, logtopic: a }]
 * etcdkeys: [collectlogkey1]
 * etcdconfig: ["localhost:2379"]
 * kafkaconfig: { kafkaaddr: "localhost:9092" }
 * elasticconfig: { elasticaddr: "localhost:9200" }   # it fell back to localhost for these two
 * ```
 */
export interface Translation {
  /** The data in the current format. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly faults: readonly Fault[];
  /** Maps a path in the translated data to the path in the file. */
  readonly originOf: (path: Path) => Path;
  /** One sentence for the log. */
  readonly notice: string;
}

const legacyKeys = new Set([
  "collectlogs",
  "etcdkeys",
  "etcdconfig",
  "kafkaconfig",
  "elasticconfig",
  "catsyslog",
]);
const levels: Readonly<Record<string, string>> = {
  trace: "trace",
  debug: "debug",
  info: "info",
  warn: "warn",
  warning: "warn",
  error: "error",
  fatal: "error",
  panic: "error",
};

/** @returns null if the file has the current format. `todaysKeys` are the keys that must not be mixed with the older ones. */
export function translateLegacy(data: unknown, todaysKeys: readonly string[]): Translation | null {
  if (!isObject(data)) return null;
  const isOlder = (key: string) => legacyKeys.has(key.toLowerCase());
  if (!Object.keys(data).some(isOlder)) return null;

  const faults: Fault[] = [];
  const origins: Origins = new Map();
  const notes: string[] = [];
  const sections = lookupOf(data);

  for (const key of Object.keys(data).filter((key) => !isOlder(key))) {
    const rule =
      "cannot be combined with keys of the older format: use either the older keys or the current ones";
    if (todaysKeys.includes(key)) faults.push({ path: [key], rule, about: "key" });
    else notes.push(`${key} is ignored`);
  }

  function ignoreOthers(section: Section, used: readonly string[]): void {
    for (const [key, { path }] of section) {
      if (!used.includes(key)) notes.push(`${path.join(".")} is ignored`);
    }
  }

  function addresses(found: Found | undefined, to: Path, scheme: string): readonly unknown[] | undefined {
    if (found === undefined) return undefined;
    origins.set(keyOf(to), found.path);
    return listOf(found.value).map((item) =>
      typeof item === "string" && !item.includes("://") ? `${scheme}${item}` : item,
    );
  }

  const kafka = sections.get("kafkaconfig");
  const kafkaSection = lookupOf(kafka?.value, kafka?.path);
  const brokers = addresses(kafkaSection.get("kafkaaddr"), ["kafka", "brokers"], "");
  if (brokers === undefined) notes.push("kafka.brokers defaults to localhost:9092");
  ignoreOthers(kafkaSection, ["kafkaaddr"]);

  const elastic = sections.get("elasticconfig");
  const elasticSection = lookupOf(elastic?.value, elastic?.path);
  const nodes = addresses(elasticSection.get("elasticaddr"), ["elasticsearch", "nodes"], "http://");
  if (nodes === undefined) notes.push("elasticsearch.nodes defaults to http://localhost:9200");
  ignoreOthers(elasticSection, ["elasticaddr"]);

  const catsyslog = sections.get("catsyslog");
  const logSection = lookupOf(catsyslog?.value, catsyslog?.path);
  const level = levels[showText(logSection.get("loglevel")?.value ?? "info").toLowerCase()];
  if (level === undefined) notes.push("catsyslog.loglevel is not a log level: info is used");
  ignoreOthers(logSection, ["loglevel"]);

  const keys = sections.get("etcdkeys");
  const endpoints = addresses(etcdAddresses(), ["etcd", "endpoints"], "http://");
  if (keys === undefined && endpoints !== undefined)
    notes.push("etcdconfig is ignored because there are no etcdkeys");
  if (keys !== undefined) {
    origins.set(keyOf(["etcd", "keys"]), keys.path);
    const rule = "needs etcdconfig with the addresses of etcd";
    if (endpoints === undefined) faults.push({ path: keys.path, rule, about: "absence" });
  }

  function etcdAddresses(): Found | undefined {
    const found = sections.get("etcdconfig");
    if (found === undefined || !isObject(found.value)) return found;
    const section = lookupOf(found.value, found.path);
    const names = ["etcdaddr", "endpoints", "addr", "address"];
    ignoreOthers(section, names);
    return names.map((name) => section.get(name)).find((address) => address !== undefined);
  }

  return {
    data: {
      kafka: { brokers: brokers ?? ["localhost:9092"] },
      elasticsearch: { nodes: nodes ?? ["http://localhost:9200"] },
      ...(keys === undefined || endpoints === undefined
        ? {}
        : { etcd: { keys: listOf(keys.value), endpoints } }),
      topics: topicsOf(sections.get("collectlogs"), origins, notes),
      log: { level: level ?? "info" },
    },
    faults,
    originOf: (path) => originOf(path, origins),
    notice: ["the file has the older format and was translated", ...notes].join("; "),
  };
}

function topicsOf(found: Found | undefined, origins: Origins, notes: string[]): unknown {
  if (found === undefined) return [];
  origins.set(keyOf(["topics"]), found.path);
  if (!Array.isArray(found.value)) return found.value;
  const seen = new Set<unknown>();
  const topics: unknown[] = [];
  found.value.forEach((entry: unknown, position) => {
    const to = ["topics", topics.length];
    const from = [...found.path, position];
    origins.set(keyOf(to), from);
    if (!isObject(entry)) return topics.push(entry);
    const section = lookupOf(entry, from);
    const topic = section.get("logtopic");
    const path = section.get("logpath");
    // Several files may feed one topic there; the topic is read once all the same.
    if (topic !== undefined && seen.has(topic.value)) {
      return notes.push(`topic ${showText(topic.value)} is declared twice: its first logpath is used`);
    }
    seen.add(topic?.value);
    origins.set(keyOf([...to, "topic"]), topic?.path ?? [...from, "logtopic"]);
    origins.set(keyOf([...to, "path"]), path?.path ?? from);
    return topics.push({
      ...(topic === undefined ? {} : { topic: topic.value }),
      ...(path === undefined || path.value === "" ? {} : { path: path.value }),
      ...lowerCaseIndex(topic?.value, notes),
    });
  });
  return topics;
}

function lowerCaseIndex(topic: unknown, notes: string[]): { index?: string } {
  if (typeof topic !== "string" || topic === topic.toLowerCase()) return {};
  notes.push(`topic ${topic} goes to the index ${topic.toLowerCase()}`);
  return { index: topic.toLowerCase() };
}

/** Keyed by the path in the translated data, as JSON. */
type Origins = Map<string, Path>;

function keyOf(path: Path): string {
  return JSON.stringify(path);
}

/** The origin of the nearest known ancestor, plus the rest of the path. */
function originOf(path: Path, origins: Origins): Path {
  for (let depth = path.length; depth > 0; depth--) {
    const origin = origins.get(keyOf(path.slice(0, depth)));
    if (origin !== undefined) return [...origin, ...path.slice(depth)];
  }
  return path;
}

function showText(value: unknown): string {
  return typeof value === "string" ? cut(value) : showValue(value);
}

interface Found {
  readonly value: unknown;
  readonly path: Path;
}
type Section = ReadonlyMap<string, Found>;

/** A mapping's values by lower-case key, each with its path in the file. */
function lookupOf(mapping: unknown, base: Path = []): Section {
  if (!isObject(mapping)) return new Map();
  return new Map(
    Object.entries(mapping).map(([key, value]) => [key.toLowerCase(), { value, path: [...base, key] }]),
  );
}

/** The items of a list, of a comma-separated string, or a single value. */
function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value !== "string") return [value];
  return value
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
