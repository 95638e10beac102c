import { isObject } from "./object.ts";
import { logMember, mergedLogMember, type OurLog } from "./log-object.ts";
import type { MovedFields } from "./moved-fields.ts";
import { type JsonMember, jsonMembers, objectText, rawFieldAt, withMember } from "./json-members.ts";

/** A JSON record's own fields, sorted by their place in its document. */
export interface OwnFields {
  /** Members of the document, including `log` and `json`, as raw JSON, each with a trailing comma. */
  readonly members: string;
  /** The record's own tags, to be merged with ours into `tags`. Null if it has none, as opposed to an empty list. */
  readonly tags: readonly string[] | null;
  /** True if some moved to `json.` because of their names. */
  readonly renamed: boolean;
}

export interface OwnFieldsOptions extends OurLog {
  /** For `host.name`; null if not set. */
  readonly host: string | null;
  /** True if the document needs `event` for itself. */
  readonly reserveEvent: boolean;
  /** True if the document is written to a data stream, whose name alone determines `data_stream`. */
  readonly reserveDataStream: boolean;
}

/**
 * Merges a JSON object's own fields into its document as raw text, so that numbers keep all their digits. Fields that would
 * collide with ours, or with Elasticsearch's metadata, move to `json.<name>`; nothing is lost or written twice.
 * Elasticsearch reads the name `a.b` as `b` in `a`, so a dotted name is checked as the path it means.
 *
 * @param own the object's members, each name once
 * @param object the same members parsed by `JSON.parse`
 * @param moved values that had to move before; collects more here
 */
export function ownFields(
  own: ReadonlyMap<string, JsonMember>,
  object: object,
  moved: MovedFields,
  given: OwnFieldsOptions,
): OwnFields {
  // A value that the record has already needs no place.
  const options = {
    ...given,
    path: says(own, "log.file.path", given.path) ? null : given.path,
    host: says(own, "host.name", given.host) ? null : given.host,
  };
  const kept: JsonMember[] = [];
  let tags: readonly string[] | null = null;
  let ownLog: JsonMember | null = null;
  let ownHost: JsonMember | null = null;
  let renamed = false;
  const move = (name: string, rawValue: string): void => {
    moved.add(name, rawValue);
    renamed = true;
  };
  for (const member of own.values()) {
    const value: unknown = Reflect.get(object, member.name);
    const ownTags = member.name === "tags" ? stringsOf(value) : null;
    if (ownTags !== null) tags = ownTags;
    else if (collides(member, value, options)) move(member.name, member.rawValue);
    else if (member.name === "log") ownLog = member;
    else if (member.name === "host" && options.host !== null) ownHost = member;
    else kept.push(member);
  }
  const stands = options.level !== null && own.get("log.level")?.rawValue === JSON.stringify(options.level);
  const log = logWithLevel(ownLog, stands, options, move);
  // The record's own `json` would collide with the one that collects the moved fields.
  const isInTheWay = ({ name }: JsonMember): boolean => moved.any && rootOf(name) === "json";
  const members = [log, options.host === null ? "" : hostWithName(ownHost, options.host, move)];
  for (const member of kept) {
    if (isInTheWay(member)) move(member.name, member.rawValue);
    else members.push(`${rawMember(member)},`);
  }
  if (moved.any) members.push(`"json":${moved.json},`);
  return { members: members.join(""), tags, renamed };
}

/** The record's own `level` moves, unless it already is the normalized level. */
function logWithLevel(
  ownLog: JsonMember | null,
  stands: boolean,
  options: OwnFieldsOptions,
  move: (name: string, rawValue: string) => void,
): string {
  const { path } = options;
  const level = stands ? null : options.level;
  if (ownLog === null) return logMember({ path, level });
  const inLog = options.level === null ? null : jsonMembers(ownLog.rawValue);
  const ownLevel = inLog?.get("level");
  if (inLog === null || ownLevel === undefined) return mergedLogMember(ownLog, { path, level });
  if (ownLevel.rawValue === JSON.stringify(options.level))
    return mergedLogMember(ownLog, { path, level: null });
  move("log.level", ownLevel.rawValue);
  inLog.delete("level");
  return mergedLogMember({ ...ownLog, rawValue: objectText(inLog.values()) }, { path, level });
}

/** The document's `host` for a record without one of its own, with a trailing comma; empty if its name is not known. */
export function hostMember(name: string | null): string {
  return name === null ? "" : `"host":{"name":${JSON.stringify(name)}},`;
}

/** The rest of the record's own `host` stays. */
function hostWithName(
  ownHost: JsonMember | null,
  host: string,
  move: (name: string, rawValue: string) => void,
): string {
  if (ownHost === null) return hostMember(host);
  const inHost = jsonMembers(ownHost.rawValue);
  for (const { name, rawValue } of inHost.values()) {
    if (rootOf(name) !== "name") continue;
    move(`host.${name}`, rawValue);
    inHost.delete(name);
  }
  return `"host":${withMember(objectText(inHost.values()), `"name":${JSON.stringify(host)}`)},`;
}

function says(own: ReadonlyMap<string, JsonMember>, path: string, text: string | null): boolean {
  const raw = text === null ? null : rawFieldAt(own, path);
  return raw !== null && raw.startsWith('"') && JSON.parse(raw) === text;
}

function rawMember({ rawName, rawValue }: JsonMember): string {
  return `${rawName}:${rawValue}`;
}

function rootOf(name: string): string {
  const dot = name.indexOf(".");
  return dot === -1 ? name : name.slice(0, dot);
}

function collides({ name, rawValue }: JsonMember, value: unknown, options: OwnFieldsOptions): boolean {
  switch (rootOf(name)) {
    case "@timestamp":
    case "kafka":
    case "tags":
      return true;
    case "event":
      return options.reserveEvent;
    case "data_stream":
      return options.reserveDataStream;
    case "host":
      if (options.host === null || (name === "host" && isObject(value))) return false;
      return occupied({ [name]: value }, ["host", "name"]);
    case "log":
      if (name === "log" && !isObject(value)) return true;
      if (name === "log.level" && options.level !== null) return rawValue !== JSON.stringify(options.level);
      return options.path !== null && occupied({ [name]: value }, ["log", "file", "path"]);
    default:
      return isMetadata(name);
  }
}

/** Whether `path` cannot be set in the object: it exists already, or a leaf blocks it. */
function occupied(value: unknown, path: readonly string[]): boolean {
  if (path.length === 0 || !isObject(value)) return true;
  return Object.entries(value).some(([name, child]) => {
    const parts = name.split(".");
    const shared = Math.min(parts.length, path.length);
    if (parts.slice(0, shared).some((part, at) => part !== path[at])) return false;
    return parts.length > path.length || occupied(child, path.slice(shared));
  });
}

const metadata =
  /^_(?:id|index|source|routing|ignored|ignored_source|field_names|seq_no|primary_term|version|doc_count|nested_path|data_stream_timestamp|tsid|ts_routing_hash)$/;

/** Whether the name is a metadata field: Elasticsearch refuses a document that has it, or gives it a meaning of its own. */
export function isMetadata(name: string): boolean {
  return metadata.test(name);
}

/** The strings of a valid `tags`, which is one string or a list of them; null for anything else. */
export function stringsOf(value: unknown): readonly string[] | null {
  if (typeof value === "string") return [value];
  if (!Array.isArray(value)) return null;
  const strings = value.filter((entry: unknown) => typeof entry === "string");
  return strings.length === value.length ? strings : null;
}
