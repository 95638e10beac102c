import type { MovedFields } from "./moved-fields.ts";
import { stringsOf } from "./json-document.ts";
import {
  COMMA,
  jsonElements,
  type JsonMember,
  jsonMembers,
  objectText,
  OPEN_LIST,
  OPEN_OBJECT,
} from "./json-members.ts";
import { maxNumberLength } from "./parser-limits.ts";

/**
 * A record's own fields as one field of its document, `kafka.value`, which the index template maps as `flattened`. All names
 * together are one field of the mapping, and each can be searched as `kafka.value.<name>`. The name cannot collide, because
 * a record's own `kafka` always moves.
 */
export interface FlattenedFields {
  /** The only member that stays at top level, a `message` that is text: raw JSON with a trailing comma, or empty. */
  readonly members: string;
  /** The record's own tags; null if it has none. */
  readonly tags: readonly string[] | null;
  /** All other members, as a JSON object. */
  readonly value: string;
  /** Every text in the record, as one JSON string; null if there is none. */
  readonly words: string | null;
}

/** Half of the default limit of an index (`index.mapping.total_fields.limit`, 1,000). */
const maxFields = 500;
/** The default `depth_limit` of Elasticsearch. */
export const maxFlattenedDepth = 20;
/**
 * UTF-16 units of one name. 20 levels of names plus a value of 1,024 units, at 3 bytes a unit, stay below Lucene's limit of
 * 32,766 bytes for a term.
 */
const maxNameLength = 400;

const COLON = 0x3a;
/** `"":0,` */
const shortestMemberBytes = 5;

/** False only if `isWide` is false too: a quick check of the bytes that spares most records the slow one. */
export function mayBeWide(bytes: Uint8Array): boolean {
  if (bytes.length < maxFields * shortestMemberBytes) return false;
  let colons = 0;
  for (let at = 0; at < bytes.length; at += 1) if (bytes[at] === COLON) colons += 1;
  return colons > maxFields;
}

/** Maps each name to the names within it. Paths as text would have to be built again for each element of a list. */
type NestedNames = Map<string, NestedNames>;

/** Whether an object, nested ones included, has more distinct names than one record should add to a mapping. */
export function isWide(object: object): boolean {
  let fields = 0;
  const open: [names: NestedNames, value: object][] = [[new Map(), object]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [names, value] = next;
    if (Array.isArray(value)) {
      for (const element of value as readonly unknown[])
        if (isContainer(element)) open.push([names, element]);
      continue;
    }
    for (const [name, child] of Object.entries(value)) {
      const known = names.get(name);
      const within: NestedNames = known ?? new Map();
      if (known === undefined) {
        names.set(name, within);
        fields += 1;
        if (fields > maxFields) return true;
      }
      if (isContainer(child)) open.push([within, child]);
    }
  }
  return false;
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/**
 * Deterministic, and loses nothing of the record.
 *
 * @param own the object's members, their names clean at any depth (lib/rules/documents/clean-members.ts)
 * @param object the same members parsed by `JSON.parse`
 * @param moved values that had to move because their names are used elsewhere too
 */
export function flattenedFields(
  own: ReadonlyMap<string, JsonMember>,
  object: object,
  moved: MovedFields,
): FlattenedFields {
  let members = "";
  const rest: JsonMember[] = [];
  let tags: readonly string[] | null = null;
  for (const member of own.values()) {
    const value: unknown = Reflect.get(object, member.name);
    const ownTags = member.name === "tags" ? stringsOf(value) : null;
    if (ownTags !== null) tags = ownTags;
    else if (member.name === "message" && typeof value === "string" && value !== "")
      members = `"message":${member.rawValue},`;
    else if (member.name === "json" && moved.any) moved.add("json", member.rawValue);
    else rest.push(member);
  }
  if (moved.any) rest.push({ name: "json", rawName: '"json"', rawValue: moved.json });
  const value = objectOf(rest, 1) ?? `{"_":${JSON.stringify(objectText(rest))}}`;
  const texts = [...textsIn(object)];
  if (moved.any) texts.push(...textsIn(JSON.parse(moved.json)));
  return { members, tags, value, words: texts.length === 0 ? null : JSON.stringify(texts.join("\n")) };
}

/** Yields values only: names can be searched as names. */
function* textsIn(value: unknown): Generator<string> {
  const open = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next === "string") yield next;
    // Pushed one by one: a spread could exceed the maximum number of arguments.
    else if (isContainer(next)) for (const child of Object.values(next).toReversed()) open.push(child);
  }
}

/** @returns null if it is nested deeper, or has a longer name, than `flattened` accepts */
function objectOf(members: readonly JsonMember[], depth: number): string | null {
  if (depth > maxFlattenedDepth) return null;
  if (members.some(({ name }) => name.length > maxNameLength)) return null;
  return `{${members.map(({ rawName, rawValue }) => `${rawName}:${valueOf(rawValue, depth)}`).join(",")}}`;
}

/** Keeps what `flattened` would refuse as JSON text: stored, but without searchable names. */
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

/** True if the list, which may have millions of elements, contains only scalars and no number that is too long. */
function isPlainList(raw: string): boolean {
  let lastBreak = 0;
  for (let at = 1; at < raw.length; at += 1) {
    const code = raw.charCodeAt(at);
    if (code === OPEN_LIST || code === OPEN_OBJECT || at - lastBreak > maxNumberLength) return false;
    if (code === COMMA) lastBreak = at;
  }
  return true;
}
