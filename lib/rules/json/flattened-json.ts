import type { MovedFields } from "./moved-fields.ts";
import { stringsOf } from "./json-document.ts";
import { jsonElements, type JsonMember, jsonMembers, objectText } from "./json-members.ts";

/**
 * A record's own fields as one field of its document, `kafka.value`, which the index template maps as `flattened`: any
 * number of names is one field of the mapping, and each can be searched as `kafka.value.<name>`. The name cannot collide,
 * for `kafka` is never the record's own.
 */
export interface FlattenedFields {
  /** The member of the document that stays where it is, as raw JSON with a comma after it: an own `message` that is text. */
  readonly members: string;
  /** The own tags; null: there are none. */
  readonly tags: readonly string[] | null;
  /** The rest, as a JSON object. */
  readonly value: string;
  /** Every text in the record, as one JSON string; null: there is none. */
  readonly words: string | null;
}

/** Half of what Elasticsearch lets an index have (`index.mapping.total_fields.limit`, 1,000 by default). */
const maxFields = 500;
/** As Elasticsearch's own default of `depth_limit`. */
export const maxFlattenedDepth = 20;
/**
 * UTF-16 units of one name. Names of 20 levels, 3 bytes a unit, and a value of 1,024 units are below the 32,766 bytes that
 * Lucene takes for a term.
 */
const maxNameLength = 400;
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

/** By name, those within it. As text a path would be made anew for every element of a list, whatever its names' length. */
type NestedNames = Map<string, NestedNames>;

/** Whether an object has more different names than one record should bring into a mapping, objects within it included. */
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
 * The same record always gives the same; nothing of it is lost.
 *
 * @param own the object's members, their names clean at any depth (lib/rules/documents/clean-members.ts)
 * @param object what `JSON.parse` makes of them
 * @param moved what had to move, for its names stand elsewhere too
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

/** Names are not among them: they are found as names. */
function* textsIn(value: unknown): Generator<string> {
  // The next to look at is popped.
  const open = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next === "string") yield next;
    // Not spread into one call: there may be more than a call can take.
    else if (isContainer(next)) for (const child of Object.values(next).toReversed()) open.push(child);
  }
}

/** Null: it is nested deeper, or has a longer name, than `flattened` takes. */
function objectOf(members: readonly JsonMember[], depth: number): string | null {
  if (depth > maxFlattenedDepth) return null;
  if (members.some(({ name }) => name.length > maxNameLength)) return null;
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
