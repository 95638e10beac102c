import { z } from "zod";
import { PenstockError } from "../../rules/base/errors.ts";
import type { FieldCaps, FieldMapping } from "../../rules/search/grammar/mapping.ts";
import { maxTargetLength, targetText } from "../../rules/search/query/target.ts";
import type { Elasticsearch } from "./client.ts";
import { errorOf } from "./transport/version.ts";

const TIMEOUT_MS = 8_000;
/** Thousands of fields. */
const MAX_BYTES = 8 * 1024 * 1024;

const shape = z.object({
  indices: z.union([z.string().transform((name) => [name]), z.array(z.string())]),
  fields: z.record(z.string(), z.record(z.string(), z.object({ indices: z.array(z.string()).optional() }))),
});

/**
 * Asks how indices map fields. Needs only the privilege to read.
 *
 * To tell in how many indices a field is mapped, Elasticsearch lists the others by name, once for each field. Where that
 * makes the answer too long, it is asked again without.
 * @param targets names, patterns and aliases; missing ones are no error
 * @param fields names and patterns
 * @returns null if the answer is too long
 * @throws PenstockError `deadline_exceeded`, `elasticsearch_unavailable` or `elasticsearch_refused`
 */
export async function fieldCaps(
  elasticsearch: Pick<Elasticsearch, "askForText">,
  targets: readonly string[],
  fields: readonly string[],
  signal: AbortSignal,
): Promise<FieldCaps | null> {
  const ask = (countsIndices: boolean) => askOnce(elasticsearch, { targets, fields, countsIndices }, signal);
  return (await ask(true)) ?? ask(false);
}

interface Asked {
  readonly targets: readonly string[];
  readonly fields: readonly string[];
  /** Whether to tell in how many indices a field is mapped. */
  readonly countsIndices: boolean;
}

async function askOnce(
  elasticsearch: Pick<Elasticsearch, "askForText">,
  { targets, fields, countsIndices }: Asked,
  signal: AbortSignal,
): Promise<FieldCaps | null> {
  let indices = 0;
  const found = new Map<string, { readonly types: Set<string>; mappedIn: number }>();
  for (const some of inPieces(targets)) {
    const answer = await elasticsearch.askForText(
      {
        method: "POST",
        path: `/${targetText(some)}/_field_caps`,
        querystring: {
          ignore_unavailable: "true",
          allow_no_indices: "true",
          include_unmapped: String(countsIndices),
        },
        body: JSON.stringify({ fields }),
        timeoutMs: TIMEOUT_MS,
      },
      { maxBytes: MAX_BYTES, format: "json" },
      signal,
    );
    if ("failure" in answer) {
      const { failure } = answer;
      if (failure.kind !== "timeout") throw errorOf(failure);
      throw new PenstockError("deadline_exceeded", failure.message, { retryable: true });
    }
    if (answer.text === null) return null;
    const parsed = shape.safeParse(JSON.parse(answer.text));
    if (!parsed.success) {
      const message = "Elasticsearch's answer to /_field_caps has an unexpected form";
      throw new PenstockError("elasticsearch_refused", message);
    }
    const count = parsed.data.indices.length;
    indices += count;
    for (const [field, { unmapped, ...byType }] of Object.entries(parsed.data.fields)) {
      const types = Object.keys(byType);
      if (types.length === 0) continue;
      const known = found.get(field) ?? { types: new Set(), mappedIn: 0 };
      for (const type of types) known.types.add(type);
      known.mappedIn += count - (unmapped?.indices?.length ?? 0);
      found.set(field, known);
    }
  }
  const mappings = [...found].map(([field, { types, mappedIn }]): [string, FieldMapping] => [
    field,
    { types: [...types].toSorted(), mappedIn: countsIndices ? mappedIn : null },
  ]);
  return { indices, fields: new Map(mappings) };
}

/** Pieces that fit into the path of a URL. */
function inPieces(targets: readonly string[]): string[][] {
  const pieces: string[][] = [];
  for (const target of targets) {
    const last = pieces.at(-1);
    if (last !== undefined && targetText([...last, target]).length <= maxTargetLength) last.push(target);
    else pieces.push([target]);
  }
  return pieces;
}
