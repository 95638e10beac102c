import type { ServerError } from "../outcomes/bulk-answer.ts";
import { matchesGlob } from "../model/names.ts";
import { answeredText } from "../outcomes/outcome.ts";

/**
 * How Elasticsearch refuses an index template because of a pattern
 * (`MetadataIndexTemplateService.addIndexTemplateV2` and `validateDataStreamsStillReferenced`):
 *
 * - `index template [penstock] has index patterns [a, b] matching patterns from existing templates [other] with patterns
 *   (other => [a*]) that have the same priority [150], …`
 * - `composable template [penstock] with index patterns [a, b], priority [150] and no data stream configuration would cause
 *   data streams [a] to no longer match a data stream template`
 */
const samePriority = / with patterns \((.*)\) that have the same priority \[/s;
const streams = / would cause data streams \[(.*)\] to no longer match a data stream template/s;

/** The patterns that a refusal is about; empty if it does not say. */
export function refusedPatterns({ reason }: ServerError, patterns: readonly string[]): readonly string[] {
  const theirs = theirPatterns(reason);
  return patterns.filter((pattern) => theirs.some((other) => patternsMeet(pattern, other)));
}

/** Whether a refusal may be about single patterns, so that trying them one by one makes sense. */
export function isAboutPatterns({ reason }: ServerError): boolean {
  return /pattern|data stream/i.test(reason);
}

/** Whether the refusal is about a data stream of exactly this name. It has its own template and needs none of ours. */
export function isDataStream({ reason }: ServerError, name: string): boolean {
  const [, names = ""] = streams.exec(reason) ?? [];
  return names.split(", ").includes(name);
}

/** Elasticsearch's reason, with one pattern in place of all. */
export function refusalText(status: number, error: ServerError, pattern: string): string {
  const reason = error.reason.replace(
    /index patterns \[.*?\](?= matching patterns|, priority)/s,
    () => `index pattern [${pattern}]`,
  );
  return answeredText(status, { ...error, reason });
}

function theirPatterns(reason: string): readonly string[] {
  const [, named = ""] = samePriority.exec(reason) ?? [];
  const [, names = ""] = streams.exec(reason) ?? [];
  const lists = [...named.matchAll(/ => \[([^\]]*)\]/g)].map(([, list = ""]) => list);
  return [...lists, names].flatMap((list) => list.split(", ")).filter((name) => name !== "");
}

/** Whether some name matches both patterns; `*` matches any number of characters. */
export function patternsMeet(a: string, b: string): boolean {
  if (!a.includes("*")) return matchesGlob(b, a);
  if (!b.includes("*")) return matchesGlob(a, b);
  // By j: whether a's rest from i on and b's rest from j on have a name in common.
  let next = meetsEnd(b);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    const row = new Uint8Array(b.length + 1);
    row[b.length] = a[i] === "*" ? (next[b.length] ?? 0) : 0;
    for (let j = b.length - 1; j >= 0; j -= 1) {
      if (a[i] === "*") row[j] = (next[j] ?? 0) | (row[j + 1] ?? 0);
      else if (b[j] === "*") row[j] = (row[j + 1] ?? 0) | (next[j] ?? 0);
      else row[j] = a[i] === b[j] ? (next[j + 1] ?? 0) : 0;
    }
    next = row;
  }
  return next[0] === 1;
}

/** The row after the other pattern's end, when only stars may be left of this one. */
function meetsEnd(pattern: string): Uint8Array {
  const row = new Uint8Array(pattern.length + 1);
  row[pattern.length] = 1;
  for (let j = pattern.length - 1; j >= 0 && pattern[j] === "*"; j -= 1) row[j] = 1;
  return row;
}
