import { join } from "node:path";
import { z } from "zod";
import { PenstockError } from "../../../lib/rules/base/errors.ts";
import type { LogSearch } from "../../../lib/rules/search/query/body.ts";
import type { CorpusOutcome } from "./outcomes.ts";
import { pickWords, type PickedWord } from "./words.ts";

/** A word and whether it was found. */
export interface WordVerdict extends PickedWord {
  readonly outcome: CorpusOutcome;
  readonly found: boolean;
}

const AT_ONCE = 200;

const response = z.object({
  hits: z
    .object({ hits: z.array(z.object({ matched_queries: z.array(z.string()).default([]) })) })
    .optional(),
  error: z.unknown().optional(),
});
const answerSchema = z.object({ responses: z.array(response) });

interface Asked {
  readonly outcome: CorpusOutcome;
  readonly id: string;
  readonly timeMs: number;
  readonly words: readonly PickedWord[];
}

type Wanted = Omit<LogSearch, "query"> & { readonly query: LogSearch["query"] | string };

interface SearchModule {
  searchBody(search: Wanted): object;
  isForTooManyFields(thrown: unknown): boolean;
}

/** In older checkouts the file is one folder higher. */
async function searchModule(checkout: string): Promise<string> {
  const [today, before] = ["query/body.ts", "body.ts"].map((name) =>
    join(checkout, "lib/rules/search", name),
  );
  return (today !== undefined && (await Bun.file(today).exists()) ? today : before) ?? "";
}

/**
 * Looks for words of each record as `GET /logs` does: with the query that the checkout's search builds, limited to the record's
 * document. Words of records without a document count as not found.
 */
export async function lookForWords(
  outcomes: readonly CorpusOutcome[],
  { node, checkout, seed, signal }: LookOptions,
): Promise<WordVerdict[]> {
  const folder = checkout ?? join(import.meta.dir, "../../..");
  const search: SearchModule = await import(await searchModule(folder));
  const takesText = !(await Bun.file(join(folder, "lib/rules/search/grammar/query.ts")).exists());
  const verdicts: WordVerdict[] = [];
  const asked: Asked[] = [];
  for (const outcome of outcomes) {
    const words = pickWords(outcome.record, seed);
    const [document] = outcome.documents;
    if (document === undefined) verdicts.push(...words.map((word) => ({ ...word, outcome, found: false })));
    else if (words.length > 0) asked.push({ outcome, id: document.id, timeMs: document.timeMs, words });
  }
  for (let start = 0; start < asked.length; start += AT_ONCE) {
    const some = asked.slice(start, start + AT_ONCE);
    const answers = await searchAll(some, false);
    for (const [at, one] of some.entries()) {
      const matched = answers[at] ?? (await searchAll([one], true))[0] ?? null;
      if (matched === null)
        throw new Error(`Elasticsearch refused the search for "${one.words[0]?.word}" twice`);
      for (const [n, word] of one.words.entries()) {
        verdicts.push({ ...word, outcome: one.outcome, found: matched.includes(String(n)) });
      }
    }
  }
  return verdicts;

  /** Returns the names of the queries that matched; null: too many fields, so that the host would search fewer. */
  async function searchAll(
    some: readonly Asked[],
    inFewFields: boolean,
  ): Promise<(readonly string[] | null)[]> {
    const lines = some.flatMap((one) => [{ index: one.outcome.scene.topic }, bodyOf(one, inFewFields)]);
    const answer = await fetch(new URL("/_msearch", node), {
      method: "POST",
      headers: { "content-type": "application/x-ndjson" },
      body: lines.map((line) => `${JSON.stringify(line)}\n`).join(""),
      signal,
    });
    return answerSchema.parse(await answer.json()).responses.map(({ hits, error }) => {
      if (hits !== undefined) return hits.hits[0]?.matched_queries ?? [];
      const refusal = new PenstockError("usage", JSON.stringify(error));
      if (inFewFields || !search.isForTooManyFields(refusal)) throw refusal;
      return null;
    });
  }

  function bodyOf({ outcome, id, timeMs, words }: Asked, inFewFields: boolean): object {
    const should = words.map(({ word }, n) => {
      const wanted: Wanted = {
        topics: [outcome.scene.topic],
        // Older checkouts parse the text themselves.
        query: takesText ? word : ({ kind: "text", text: word, form: "whole" } as const),
        order: "newest",
        fieldOf: () => null,
        fromMs: timeMs,
        toMs: timeMs,
        size: 1,
        after: null,
        intervalMs: null,
        form: "bare",
        inFewFields,
        marker: null,
      };
      const body = search.searchBody(wanted);
      return { bool: { must: z.object({ query: z.unknown() }).parse(body).query, _name: String(n) } };
    });
    const filter = [{ ids: { values: [id] } }];
    return { size: 1, _source: false, query: { bool: { filter, should, minimum_should_match: 0 } } };
  }
}

export interface LookOptions {
  readonly node: string;
  /** The folder of the Penstock that made the documents; undefined: this one. */
  readonly checkout: string | undefined;
  readonly seed: number;
  readonly signal: AbortSignal;
}
