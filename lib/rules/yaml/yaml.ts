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

/** The position and the source text of one node. */
export interface YamlPlace {
  /** Offset of the key, or of the item itself in a list. */
  readonly keyOffset: number;
  readonly valueOffset: number;
  /** The source text before substitution, shortened for a message. It may be a secret. */
  readonly shown: string;
  readonly substituted: boolean;
}

/** A YAML file as plain data, with a lookup from each path to its place. */
export interface YamlFile {
  /** With references replaced, and without keys that have no value. */
  readonly data: unknown;
  readonly faults: readonly Fault[];
  /** Errors of the YAML parser, for which no path is known. */
  readonly syntax: readonly { readonly offset: number; readonly rule: string }[];
  /** The key of the last section if the last item of its list may be cut off; else null. */
  readonly unfinished: string | null;
  place(path: Path): YamlPlace | undefined;
  linePosition(offset: number): { readonly line: number; readonly column: number };
}

/** Ten thousand topics with all their fields need fewer. The parser takes 25 µs for each and blocks everything else. */
const maxTokens = 250_000;

/** Our own messages, because the parser's quote the source, which may be a secret, or say too little. */
const syntaxRules: Readonly<Record<string, string>> = {
  BAD_ALIAS: "aliases (*name) are not allowed; a value that begins with * needs quotes",
  TAG_RESOLVE_FAILED: "tags (!name) are not allowed; a value that begins with ! needs quotes",
  MULTIPLE_DOCS: "the file contains more than one YAML document",
  NON_STRING_KEY: "a key is not a string",
  BAD_DQ_ESCAPE: "an escape sequence in \"double quotes\" is invalid; in 'single quotes' a \\ is literal",
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
        // The parser reports keys that are not strings; skip them here.
        if (!isScalar(key) || typeof key.value !== "string") continue;
        const start = key.range?.[0] ?? valueOffset;
        if (seen.has(key.value)) {
          syntax.push({
            offset: start,
            rule: `the key ${showValue(key.value)} appears twice in this mapping`,
          });
        }
        seen.add(key.value);
        const content = read(value, [...path, key.value], start);
        if (content !== undefined && content !== null) entries.set(key.value, content);
      }
      // Makes own properties of all keys, even of `__proto__`.
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
      // Kept, so that it does not look absent while the rest of the file is checked.
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
  if (tooMany) syntax.push({ offset: 0, rule: `the file has more than ${maxTokens} tokens` });
  const document = tooMany ? null : parse(text, lineCounter);
  if (document === null && !tooMany) syntax.push({ offset: 0, rule: "the file is nested too deeply" });
  for (const { code, pos, message } of [...(document?.errors ?? []), ...(document?.warnings ?? [])]) {
    // `read` reports all tags, resolvable or not.
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
 * Every prefix of a block list is valid YAML, so its last item may be cut off: in the middle of a word or, in a block
 * mapping, after any line. A cut flow collection is a syntax error, and a section before another one is complete.
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

/** Ignores white space and comments. */
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
      // The library compares every pair of keys: 94 s for 60,000 of them. `read` finds duplicates with a set.
      uniqueKeys: false,
      stringKeys: true,
      prettyErrors: false,
      // "silent" would also suppress the error about a second document.
      logLevel: "error",
    });
  } catch (error) {
    // The parser is recursive and overflows the stack; nothing else is known to throw here.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function keyOf(path: Path): string {
  return JSON.stringify(path);
}
