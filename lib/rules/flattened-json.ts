import { rawMember, stringsOf } from "./json-document.ts";
import { jsonElements, type JsonMember, jsonMembers } from "./json-members.ts";

/**
 * A record's own fields as one field of its document, `kafka.value`, which the index template maps as `flattened`: any
 * number of names is one field of the mapping, and each can be searched as `kafka.value.<name>`. The name cannot collide,
 * for `kafka` is never the record's own.
 */
export interface FlattenedFields {
  /** Members of the document that stay where they are, as raw JSON: `message`, where it is one value. */
  readonly members: readonly string[];
  /** The own tags; null: there are none. */
  readonly tags: readonly string[] | null;
  /** The rest, as a JSON object. */
  readonly value: string;
}

/** Half of what Elasticsearch lets an index have (`index.mapping.total_fields.limit`, 1,000 by default). */
const maxFields = 500;
/** As Elasticsearch's own default of `depth_limit`. */
export const maxFlattenedDepth = 20;
/**
 * UTF-16 units of one name. Names of 20 levels, 3 bytes a unit, and a value of 1,024 units are below the 32,766 bytes that
 * Lucene takes for a term.
 */
export const maxNameLength = 400;
/** `StreamReadConstraints.getMaxNumberLength()` of the JSON parser in Elasticsearch. */
const maxNumberLength = 1000;

const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const OPEN_OBJECT = 0x7b;
/** `"":0,` */
const shortestMemberBytes = 5;

/** False only where `isWide` is: a quick look at a record's bytes, which spares most of them the long one. */
export function mayBeWide(bytes: Uint8Array): boolean {
  if (bytes.length < maxFields * shortestMemberBytes) return false;
  let colons = 0;
  for (let at = 0; at < bytes.length; at += 1) if (bytes[at] === COLON) colons += 1;
  return colons > maxFields;
}

/** Whether an object has more different names than one record should bring into a mapping, objects within it included. */
export function isWide(object: object): boolean {
  const paths = new Set<string>();
  const open: [prefix: string, value: object][] = [["", object]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [prefix, value] = next;
    if (Array.isArray(value)) {
      for (const element of value as readonly unknown[])
        if (isContainer(element)) open.push([prefix, element]);
      continue;
    }
    for (const [name, child] of Object.entries(value)) {
      const path = `${prefix}.${name}`;
      paths.add(path);
      if (paths.size > maxFields) return true;
      if (isContainer(child)) open.push([path, child]);
    }
  }
  return false;
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/**
 * The same record always gives the same; nothing of it is lost.
 *
 * @param text an object's, valid JSON on one line
 * @param object what `JSON.parse` made of it
 * @param dropTimestamp true: the own `@timestamp` has become the document's
 */
export function flattenedFields(
  text: string,
  object: object,
  { dropTimestamp }: { readonly dropTimestamp: boolean },
): FlattenedFields {
  const members: string[] = [];
  const rest: JsonMember[] = [];
  let tags: readonly string[] | null = null;
  for (const member of jsonMembers(text).values()) {
    const value: unknown = Reflect.get(object, member.name);
    const ownTags = member.name === "tags" ? stringsOf(value) : null;
    if (member.name === "@timestamp" && dropTimestamp) continue;
    if (ownTags !== null) tags = ownTags;
    else if (member.name === "message" && isShown(member.rawValue, value))
      members.push(`"message":${member.rawValue}`);
    else rest.push(member);
  }
  const value = objectOf(rest, 1);
  return { members, tags, value: value ?? `{"_":${JSON.stringify(`{${rest.map(rawMember).join(",")}}`)}}` };
}

function isShown(raw: string, value: unknown): boolean {
  return typeof value !== "object" && raw.length <= (typeof value === "number" ? maxNumberLength : Infinity);
}

/** Null: a name in it is one that `flattened` does not take. */
function objectOf(members: readonly JsonMember[], depth: number): string | null {
  if (depth > maxFlattenedDepth) return null;
  if (members.some(({ name }) => name === "" || name.includes("\0") || name.length > maxNameLength))
    return null;
  return `{${members.map(({ rawName, rawValue }) => `${rawName}:${valueOf(rawValue, depth)}`).join(",")}}`;
}

/** What `flattened` would refuse stands as its JSON text: no more is searched in it, but it is there. */
function valueOf(raw: string, depth: number): string {
  if (raw.startsWith("{")) return objectOf([...jsonMembers(raw).values()], depth + 1) ?? JSON.stringify(raw);
  if (raw.startsWith("[")) {
    if (isPlainList(raw)) return raw;
    if (depth >= maxFlattenedDepth) return JSON.stringify(raw);
    const elements = jsonElements(raw).map((element) => valueOf(element, depth + 1));
    return `[${elements.join(",")}]`;
  }
  return raw.length > maxNumberLength && !raw.startsWith('"') ? JSON.stringify(raw) : raw;
}

/** True only of a list of single values, none of them a number that is too long: there may be millions in one. */
function isPlainList(raw: string): boolean {
  let lastBreak = 0;
  for (let at = 1; at < raw.length; at += 1) {
    const code = raw.charCodeAt(at);
    if (code === OPEN_LIST || code === OPEN_OBJECT || at - lastBreak > maxNumberLength) return false;
    if (code === COMMA) lastBreak = at;
  }
  return true;
}
