import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  parseDocument,
  type Document,
} from "yaml";
import { depthRule, MAX_DEPTH } from "../json/json-depth.ts";
import { visibleText } from "../base/visible-text.ts";
import { maxPutInLength, substitute, type SubstitutionSources } from "./substitute.ts";
import { cut, showValue, type Fault, type Path } from "./problem.ts";

/** One node of the file: where it stands and how it was written. */
export interface YamlPlace {
  /** Offset of the key, or of the item itself in a list. */
  readonly keyOffset: number;
  readonly valueOffset: number;
  /** As in the file, before substitution, fit for a message; whether it is a secret is not known here. */
  readonly shown: string;
  readonly substituted: boolean;
}

/** A YAML file as plain data, and the way back from a path to its place. */
export interface YamlFile {
  /** References replaced; keys without a value left out. */
  readonly data: unknown;
  readonly faults: readonly Fault[];
  /** What the YAML parser refused: no path is known for it. */
  readonly syntax: readonly { readonly offset: number; readonly rule: string }[];
  /** The key of the last section whose last list item may have more to it than the text has; null: none. */
  readonly unfinished: string | null;
  place(path: Path): YamlPlace | undefined;
  linePosition(offset: number): { readonly line: number; readonly column: number };
}

/** Ten thousand topics with all their fields have fewer. The parser takes 25 µs for each, and nothing else runs meanwhile. */
const maxTokens = 250_000;

/** The parser's own words for these quote the source, which may be a secret, or say too little. */
const syntaxRules: Readonly<Record<string, string>> = {
  BAD_ALIAS: "aliases (*name) are not allowed; a value that begins with * needs quotes",
  TAG_RESOLVE_FAILED: "tags (!name) are not allowed; a value that begins with ! needs quotes",
  MULTIPLE_DOCS: "the file holds more than one YAML document",
  NON_STRING_KEY: "a key is not a string",
  BAD_DQ_ESCAPE: "an escape sequence in \"double quotes\" is not valid; 'single quotes' take a \\ as it is",
};

/** Reads YAML 1.2 without aliases, tags and duplicate keys, and replaces references in its strings; never throws. */
export function readYaml(text: string, sources: SubstitutionSources): YamlFile {
  const lineCounter = new LineCounter();
  const places = new Map<string, YamlPlace>();
  const faults: Fault[] = [];
  const syntax: { offset: number; rule: string }[] = [];
  let room = maxPutInLength;

  function fault(path: Path, rule: string): undefined {
    faults.push({ path, rule, about: "value" });
  }

  function read(node: unknown, path: Path, keyOffset: number): unknown {
    const valueOffset = (isNode(node) ? node.range?.[0] : undefined) ?? keyOffset;
    const place = { keyOffset, valueOffset, shown: "null", substituted: false };
    places.set(keyOf(path), place);
    if (!isNode(node)) return undefined;
    if (isAlias(node)) return refuse(valueOffset, "BAD_ALIAS");
    if (node.tag !== undefined) return refuse(valueOffset, "TAG_RESOLVE_FAILED");
    if (!isScalar(node)) place.shown = showValue(isSeq(node) ? [] : {});
    if (path.length > MAX_DEPTH) return fault(path, depthRule);
    if (isMap(node)) {
      const entries = new Map<string, unknown>();
      const seen = new Set<string>();
      for (const { key, value } of node.items) {
        // Keys that are not strings are refused by the parser; they are left out here.
        if (!isScalar(key) || typeof key.value !== "string") continue;
        const start = key.range?.[0] ?? valueOffset;
        if (seen.has(key.value)) {
          syntax.push({
            offset: start,
            rule: `the key ${showValue(key.value)} stands twice in this mapping`,
          });
        }
        seen.add(key.value);
        const content = read(value, [...path, key.value], start);
        if (content !== undefined && content !== null) entries.set(key.value, content);
      }
      // Own keys all of them, `__proto__` too.
      return Object.fromEntries(entries);
    }
    if (isSeq(node)) {
      return node.items.map((item, index) => read(item, [...path, index], valueOffset) ?? null);
    }
    if (!isScalar(node)) return undefined;
    if (typeof node.value !== "string") {
      place.shown = cut(node.source ?? String(node.value));
      return node.value;
    }
    place.shown = showValue(node.value);
    const result = substitute(node.value, sources, room);
    if (!result.ok) {
      fault(path, result.rule);
      // Left as it is, so that it does not look absent: the rest of the file is still worth checking.
      return node.value;
    }
    place.substituted = result.substituted;
    if (result.substituted) room -= result.text.length;
    return result.text;
  }

  function refuse(offset: number, code: string): undefined {
    syntax.push({ offset, rule: syntaxRules[code] ?? code });
  }

  const tooMany = hasTooManyTokens(text);
  if (tooMany) syntax.push({ offset: 0, rule: `the file has more than ${maxTokens} keys, values and marks` });
  const document = tooMany ? null : parse(text, lineCounter);
  if (document === null && !tooMany) syntax.push({ offset: 0, rule: "the file is nested too deeply" });
  for (const { code, pos, message } of [...(document?.errors ?? []), ...(document?.warnings ?? [])]) {
    // A tag is found below, one that resolves as well as one that does not.
    if (code === "TAG_RESOLVE_FAILED") continue;
    const rule =
      syntaxRules[code] ??
      (code === "IMPOSSIBLE"
        ? "the file is not YAML"
        : `not YAML: ${visibleText(cut(message.replace(/: .*/s, "")))}`);
    syntax.push({ offset: pos[0], rule });
  }
  const data = document === null || syntax.length > 0 ? undefined : read(document.contents, [], 0);
  return {
    data,
    faults,
    syntax,
    unfinished: unfinishedSection(document, text),
    place: (path) => places.get(keyOf(path)),
    linePosition: (offset) => {
      const { line, col } = lineCounter.linePos(offset);
      return { line: Math.max(line, 1), column: Math.max(col, 1) };
    },
  };
}

/**
 * Every prefix of a block list is valid, and its last item may be cut: in the middle of a word, or, a block mapping, behind any
 * of its lines. In a flow collection a cut is a fault, and what stands before another section is whole.
 */
function unfinishedSection(document: Document | null, text: string): string | null {
  const pair =
    isMap(document?.contents) && document.contents.flow !== true ? document.contents.items.at(-1) : undefined;
  if (pair === undefined || !isScalar(pair.key) || !isSeq(pair.value) || pair.value.flow === true)
    return null;
  const last = pair.value.items.at(-1);
  const isWhole = text.endsWith("\n") && !(isMap(last) && last.flow !== true);
  return isWhole ? null : String(pair.key.value);
}

/** White space and comments aside. */
function hasTooManyTokens(text: string): boolean {
  let count = 0;
  for (const token of new Lexer().lex(text)) {
    if (!/^[\s#]/.test(token)) count += 1;
    if (count > maxTokens) return true;
  }
  return false;
}

function parse(text: string, lineCounter: LineCounter): Document | null {
  try {
    return parseDocument(text, {
      lineCounter,
      strict: true,
      // The library compares every pair of keys: 94 s for 60,000 of them. `read` finds doubles by a set.
      uniqueKeys: false,
      stringKeys: true,
      prettyErrors: false,
      // Not "silent": that would also silence the error of a second document.
      logLevel: "error",
    });
  } catch (error) {
    // The parser is recursive; nothing else is known to throw here.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function keyOf(path: Path): string {
  return JSON.stringify(path);
}
