import { messageText } from "../../../../../lib/rules/search/hits/message-text.ts";
import { isObject } from "../../../../../lib/rules/json/object.ts";
import { createPatterns, type Pattern } from "../../../../../lib/rules/patterns/patterns.ts";

export type PatternsAnswer =
  | {
      readonly kind: "patterns";
      readonly lines: number;
      /** Whether the export ended at its limit, so that older lines may have been left out. */
      readonly isCut: boolean;
      /** The most frequent first. */
      readonly patterns: readonly Pattern[];
      /** Lines that belong to none of these. */
      readonly others: number;
      /** What sorting the lines took, without waiting for them. */
      readonly tookMs: number;
    }
  /** A sentence. */
  | { readonly kind: "failed"; readonly reason: string };

/** More would not be read by anybody. */
const shownPatterns = 100;

/** Sorts the lines of an export. @param path of an export as NDJSON */
export async function sortExport(path: string): Promise<PatternsAnswer> {
  let response: Response;
  try {
    response = await fetch(path);
  } catch {
    return failed("The host cannot be reached.");
  }
  if (!response.ok) return failed(`The host answered ${response.status}.`);
  try {
    const limit = Number(response.headers.get("penstock-export-limit") ?? Infinity);
    return patternsOf(await response.text(), limit);
  } catch {
    // The host ends an export that Elasticsearch answered only in part: its lines would look like all.
    return failed("The export broke off before its end: Elasticsearch or the host stopped answering.");
  }
}

function failed(reason: string): PatternsAnswer {
  return { kind: "failed", reason };
}

function patternsOf(text: string, limit: number): PatternsAnswer {
  const startedAt = performance.now();
  const patterns = createPatterns();
  let lines = 0;
  for (const raw of text.split("\n")) {
    if (raw === "") continue;
    const object: unknown = JSON.parse(raw);
    patterns.add(isObject(object) ? messageText(raw, object) : raw);
    lines += 1;
  }
  const all = patterns.list();
  const shown = all.slice(0, shownPatterns);
  const inShown = shown.reduce((sum, { count }) => sum + count, 0);
  return {
    kind: "patterns",
    lines,
    isCut: lines >= limit,
    patterns: shown,
    others: lines - inShown,
    tookMs: performance.now() - startedAt,
  };
}
