import { isObject } from "../../json/object.ts";
import { type Leaves, leavesOf } from "./leaves.ts";

/** A record's value, in the two ways a tool may have written it into a document. */
export interface RecordContent {
  /** Without surrounding white space, which some tools remove. */
  readonly text: string;
  /** Null unless the value is a JSON object. */
  readonly leaves: Leaves | null;
}

export function readContent(value: Buffer): RecordContent {
  const text = value.toString("utf8").trim();
  if (!text.startsWith("{")) return { text, leaves: null };
  try {
    const parsed: unknown = JSON.parse(text);
    return { text, leaves: isObject(parsed) ? leavesOf(parsed) : null };
  } catch {
    return { text, leaves: null };
  }
}

/** Where documents hold the content of their records. Learned from pairs of both. */
export interface ContentView {
  /** Fields with the whole value as text, the most frequent first. */
  readonly textFields: readonly string[];
  /**
   * How many words at the beginning of a text the documents lack: rsyslog's parser takes the first for a host's or a
   * program's name, unless the template uses `rawmsg`.
   */
  readonly headWords: number;
  /** Whether most documents have the value as text; otherwise they have its JSON members. */
  readonly mainly: "text" | "json";
  /** The object that holds the members of a JSON record, with a dot at its end; empty: the document itself. */
  readonly prefix: string;
  /** Paths of a JSON record that the tool regularly changes or drops. */
  readonly rewritten: ReadonlySet<string>;
  /** All paths seen in JSON records. */
  readonly known: ReadonlySet<string>;
  /** How many of the pairs are equal in this view. */
  readonly equal: number;
  readonly pairs: number;
}

/** A record and its supposed document. */
export interface ContentPair {
  readonly record: RecordContent;
  readonly document: Leaves;
}

/** What differs first between a record and its document. */
export interface Difference {
  /** The path in the document. */
  readonly field: string;
  readonly record: string;
  /** Null if the document lacks it. */
  readonly document: string | null;
}

/** Where the tools put a whole value: all but rsyslog and Fluent Bit use the first; `event.original` is ECS's. */
export const USUAL_TEXT_FIELDS = ["message", "event.original", "payload", "log", "msg"];
/** A host and a tag. */
const MAX_HEAD_WORDS = 2;
const NO_TEXT: { readonly headWords: number; readonly texts: number; readonly fields: readonly string[] } = {
  headWords: 0,
  texts: 0,
  fields: [],
};
/** From this share of the pairs on, a field that differs is the tool's work, and not a changed record. */
const REGULARLY = 0.5;

/**
 * Learns how a tool writes records into documents. A field of a JSON record that differs in half of the pairs or more, such
 * as an `@timestamp` that the tool sets itself, is not compared; neither is one that is in half of the documents of records
 * without it.
 */
export function learnContent(pairs: readonly ContentPair[]): ContentView {
  const [{ headWords, texts, fields } = NO_TEXT] = Array.from({ length: MAX_HEAD_WORDS + 1 }, (_, words) =>
    textsIn(pairs, words),
  ).sort((x, y) => y.texts - x.texts || x.headWords - y.headWords);
  const prefix = prefixOf(pairs);
  const view = {
    textFields: [...new Set([...fields.slice(0, 3), ...USUAL_TEXT_FIELDS])],
    headWords,
    mainly: texts > 0 && texts >= pairs.length * REGULARLY ? ("text" as const) : ("json" as const),
    prefix,
    rewritten: rewrittenIn(pairs, prefix),
    known: new Set(pairs.flatMap(({ record }) => [...(record.leaves?.keys() ?? [])])),
    equal: 0,
    pairs: pairs.length,
  };
  const equal = pairs.filter(({ record, document }) => differenceOf(record, document, view) === null);
  return { ...view, equal: equal.length };
}

/** Whether records can be compared in this view: otherwise the tool makes something else of them. */
export function isJudged({ equal, pairs }: ContentView): boolean {
  return pairs > 0 && equal >= pairs * REGULARLY;
}

/**
 * Returns the first difference, or null if the document holds the record's content: its whole text in one of the text
 * fields, perhaps without its first words, or all its JSON members but those that the tool rewrites. What the document has beyond that is the tool's.
 */
export function differenceOf(
  { text, leaves }: RecordContent,
  document: Leaves,
  view: ContentView,
): Difference | null {
  const short = withoutHead(text, view.headWords);
  for (const field of view.textFields) {
    const own = document.get(field)?.trim();
    if (own === text || own === short) return null;
  }
  // Such as `{}`: whatever its document holds is the tool's.
  if (view.mainly === "json" && leaves?.size === 0) return null;
  let first: Difference | null = null;
  let compared = 0;
  for (const [path, record] of leaves ?? []) {
    if (view.rewritten.has(path)) continue;
    const field = view.prefix + path;
    const value = document.get(field) ?? null;
    compared += 1;
    if (value !== record) first ??= { field, record, document: value };
  }
  if (compared > 0 && view.mainly === "json") return first;
  if (compared > 0 && first === null) return null;
  const field = view.textFields.find((name) => document.has(name)) ?? "message";
  return { field, record: text, document: document.get(field) ?? null };
}

/** The fields that hold the records' texts without so many words. */
function textsIn(pairs: readonly ContentPair[], headWords: number): typeof NO_TEXT {
  const counts = new Map<string, number>();
  let texts = 0;
  for (const { record, document } of pairs) {
    const text = withoutHead(record.text, headWords);
    if (text === "") continue;
    const same = [...document].filter(([, value]) => value.trim() === text);
    for (const [field] of same) add(counts, field, 1);
    if (same.length > 0) texts += 1;
  }
  const fields = [...counts].sort(([, a], [, b]) => b - a).map(([field]) => field);
  return { headWords, texts, fields };
}

/** At least a third of the text must be left: a short rest may be anything. */
function withoutHead(text: string, words: number): string {
  let rest = text;
  for (let word = 0; word < words; word += 1) rest = rest.replace(/^\S+\s*/, "");
  return rest.length * 3 < text.length ? text : rest;
}

/** Whether a document that was only searched by a record's words may be the record's: most of the content is the same. */
export function isLikelyPair(pair: ContentPair): boolean {
  const { record, document } = pair;
  if (
    Array.from({ length: MAX_HEAD_WORDS + 1 }, (_, words) => textsIn([pair], words)).some(
      ({ texts }) => texts > 0,
    )
  )
    return true;
  const prefix = prefixOf([pair]);
  const own = [...(record.leaves ?? [])];
  return (
    own.filter(([path, value]) => document.get(prefix + path) === value).length * 2 >= Math.max(1, own.length)
  );
}

/** The object in the document that has most of the record's members. */
function prefixOf(pairs: readonly ContentPair[]): string {
  const scores = new Map<string, number>([["", 0]]);
  for (const { record, document } of pairs) {
    const prefixes = new Set(["", ...[...document.keys()].flatMap(ancestorsOf)]);
    for (const prefix of prefixes) {
      let same = 0;
      for (const [path, value] of record.leaves ?? []) if (document.get(prefix + path) === value) same += 1;
      if (same > 0) add(scores, prefix, same);
    }
  }
  const [best = ""] = [...scores].sort(([a, x], [b, y]) => y - x || a.length - b.length)[0] ?? [];
  return best;
}

/** `a.` and `a.b.` of `a.b.c`; no tool nests deeper. */
function ancestorsOf(path: string): string[] {
  const names = path.split(".");
  return [1, 2].filter((depth) => depth < names.length).map((depth) => `${names.slice(0, depth).join(".")}.`);
}

function rewrittenIn(pairs: readonly ContentPair[], prefix: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const differ = new Map<string, number>();
  const known = new Set(pairs.flatMap(({ record }) => [...(record.leaves?.keys() ?? [])]));
  for (const { record, document } of pairs) {
    if (record.leaves === null) continue;
    for (const path of known) {
      const [own, other] = [record.leaves.get(path), document.get(prefix + path)];
      if (own === undefined && other === undefined) continue;
      add(seen, path, 1);
      if (own !== other) add(differ, path, 1);
    }
  }
  return new Set(
    [...differ].flatMap(([path, count]) => (count >= REGULARLY * (seen.get(path) ?? 0) ? path : [])),
  );
}

function add(counts: Map<string, number>, name: string, by: number): void {
  counts.set(name, (counts.get(name) ?? 0) + by);
}

/** The content of a record as one text, for comparison with {@link documentKey}. */
export function recordKey({ text, leaves }: RecordContent, view: ContentView): string {
  if (view.mainly === "json" && leaves !== null) return keyOf(leaves, "", view);
  return withoutHead(text, view.headWords);
}

/** The content of a document as one text; null if it has none in this view. */
export function documentKey(document: Leaves, view: ContentView): string | null {
  const key = view.mainly === "json" ? keyOf(document, view.prefix, view) : "";
  if (key !== "") return key;
  const field = view.textFields.find((name) => document.has(name));
  return field === undefined ? null : (document.get(field)?.trim() ?? null);
}

/** Only paths that records were seen to have, on both sides: the others may be the tool's. */
function keyOf(leaves: Leaves, prefix: string, { known, rewritten }: ContentView): string {
  const parts: string[] = [];
  for (const path of known) {
    const value = rewritten.has(path) ? undefined : leaves.get(prefix + path);
    if (value !== undefined) parts.push(`${path}\u0001${value}`);
  }
  return parts.join("\u0002");
}
