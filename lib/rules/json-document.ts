import { type JsonMember, jsonMembers, withMember } from "./json-members.ts";

/** What of a JSON record's own fields goes where in its document. */
export interface OwnFields {
  /** Members of the document, as raw JSON, `log` and `json` among them. */
  readonly members: readonly string[];
  /** The own tags: with ours they make one `tags`. Null: there are none, which is not an empty list. */
  readonly tags: readonly string[] | null;
  /** True: some stand under `json.` now. */
  readonly renamed: boolean;
}

export interface OwnFieldsOptions {
  /** The declared `log.file.path`; null: not set. */
  readonly path: string | null;
  /** True: the document needs `event` for itself. */
  readonly reserveEvent: boolean;
  /** True: the own `@timestamp` has become the document's. */
  readonly dropTimestamp: boolean;
}

/**
 * Merges a JSON object's own fields into its document, from their raw text, so that numbers keep all their digits.
 * What would collide with a field of ours moves to `json.<name>`; nothing is lost or written twice. Elasticsearch reads
 * the name `a.b` as `b` in `a`, so dotted names count as what they stand for.
 *
 * @param text the object's text, valid JSON
 * @param object what `JSON.parse` made of it
 */
export function ownFields(text: string, object: object, options: OwnFieldsOptions): OwnFields {
  const kept: JsonMember[] = [];
  const moved: JsonMember[] = [];
  let tags: readonly string[] | null = null;
  let log = options.path === null ? null : logMember(options.path);
  for (const member of jsonMembers(text).values()) {
    const value: unknown = Reflect.get(object, member.name);
    const ownTags = member.name === "tags" ? stringsOf(value) : null;
    if (member.name === "@timestamp" && options.dropTimestamp) continue;
    if (ownTags !== null) tags = ownTags;
    else if (collides(member.name, value, options)) moved.push(member);
    else if (member.name === "log" && options.path !== null) log = `"log":${withPath(member, options.path)}`;
    else kept.push(member);
  }
  const members = log === null ? [] : [log];
  if (moved.length === 0) {
    for (const member of kept) members.push(rawMember(member));
    return { members, tags, renamed: false };
  }
  // An own `json` would collide with the one that takes the moved fields.
  for (const member of kept) {
    if (rootOf(member.name) === "json") moved.push(member);
    else members.push(rawMember(member));
  }
  members.push(`"json":{${moved.map(rawMember).join(",")}}`);
  return { members, tags, renamed: true };
}

/** As it was written. */
export function rawMember(member: JsonMember): string {
  return `${member.rawName}:${member.rawValue}`;
}

function rootOf(name: string): string {
  const dot = name.indexOf(".");
  return dot === -1 ? name : name.slice(0, dot);
}

function collides(name: string, value: unknown, options: OwnFieldsOptions): boolean {
  switch (rootOf(name)) {
    case "@timestamp":
    case "kafka":
    case "tags":
      return true;
    case "event":
      return options.reserveEvent;
    case "log":
      if (name === "log" && !isObject(value)) return true;
      return options.path !== null && occupied({ [name]: value }, ["log", "file", "path"]);
    default:
      return false;
  }
}

/** Whether something in the object keeps `path` from being set: it stands there already, or a leaf is in the way. */
function occupied(value: unknown, path: readonly string[]): boolean {
  if (path.length === 0 || !isObject(value)) return true;
  return Object.entries(value).some(([name, child]) => {
    const parts = name.split(".");
    const shared = Math.min(parts.length, path.length);
    if (parts.slice(0, shared).some((part, at) => part !== path[at])) return false;
    return parts.length > path.length || occupied(child, path.slice(shared));
  });
}

/** The own `log` with `file.path` added, where nothing occupies it. */
function withPath(log: JsonMember, path: string): string {
  const members = jsonMembers(log.rawValue);
  const pathMember = `"path":${JSON.stringify(path)}`;
  const file = withMember(members.get("file")?.rawValue ?? "{}", pathMember);
  members.delete("file");
  return `{${[`"file":${file}`, ...[...members.values()].map(rawMember)].join(",")}}`;
}

/** What `tags` may be: one string, or a list of them; null: it is something else. */
export function stringsOf(value: unknown): readonly string[] | null {
  if (typeof value === "string") return [value];
  if (!Array.isArray(value)) return null;
  const strings = value.filter((entry: unknown) => typeof entry === "string");
  return strings.length === value.length ? strings : null;
}

/** The document's `log` where the record has none of its own. */
export function logMember(path: string): string {
  return `"log":{"file":{"path":${JSON.stringify(path)}}}`;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
