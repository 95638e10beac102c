import { messageText } from "../../../../../lib/rules/search/hits/message-text.ts";
import { isObject } from "../../../../../lib/rules/json/object.ts";
import { createPatterns, type Pattern } from "../../../../../lib/rules/patterns/patterns.ts";

/** What the worker is asked: the path of an export as NDJSON. */
export interface PatternsQuestion {
  readonly path: string;
}

export type PatternsAnswer =
  | {
      readonly kind: "patterns";
      readonly lines: number;
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

addEventListener("message", ({ data }: MessageEvent<PatternsQuestion>) => {
  void answer(data.path).then((found) => postMessage(found));
});

async function answer(path: string): Promise<PatternsAnswer> {
  try {
    const response = await fetch(path);
    if (!response.ok) return { kind: "failed", reason: `The host answered ${response.status}.` };
    return patternsOf(await response.text());
  } catch {
    return { kind: "failed", reason: "The host cannot be reached." };
  }
}

function patternsOf(text: string): PatternsAnswer {
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
    patterns: shown,
    others: lines - inShown,
    tookMs: performance.now() - startedAt,
  };
}
