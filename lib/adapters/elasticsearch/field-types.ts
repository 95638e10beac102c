import { z } from "zod";
import { PenstockError } from "../../rules/base/errors.ts";
import type { TypeOf } from "../../rules/search/hits/gave-way.ts";
import type { Elasticsearch } from "./client.ts";

const TIMEOUT_MS = 5_000;
/** A URL is limited to 4 KiB, a name to 255 bytes. */
const INDICES_AT_ONCE = 10;

const shape = z.object({
  indices: z.union([z.string(), z.array(z.string())]),
  fields: z.record(z.string(), z.record(z.string(), z.object({ indices: z.array(z.string()).optional() }))),
});

/**
 * Looks up how indices map fields. Needs only the privilege to read.
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
 */
export async function fieldTypes(
  elasticsearch: Pick<Elasticsearch, "ask">,
  indices: readonly string[],
  fields: readonly string[],
  signal: AbortSignal,
): Promise<TypeOf> {
  const types = new Map<string, string>();
  for (let at = 0; at < indices.length; at += INDICES_AT_ONCE) {
    const some = indices.slice(at, at + INDICES_AT_ONCE);
    const answer = await elasticsearch.ask(
      {
        method: "POST",
        path: `/${some.map(encodeURIComponent).join(",")}/_field_caps`,
        querystring: { ignore_unavailable: "true", allow_no_indices: "true", include_unmapped: "true" },
        body: { fields },
        timeoutMs: TIMEOUT_MS,
      },
      signal,
    );
    const parsed = shape.safeParse(answer);
    if (!parsed.success) {
      throw new PenstockError(
        "elasticsearch_refused",
        "Elasticsearch's answer to /_field_caps has an unexpected form",
      );
    }
    for (const [field, byType] of Object.entries(parsed.data.fields)) {
      for (const [type, { indices: having }] of Object.entries(byType)) {
        // A type that is the same in all indices names none.
        if (type !== "unmapped") for (const index of having ?? some) types.set(keyOf(index, field), type);
      }
    }
  }
  return (index, field) => types.get(keyOf(index, field)) ?? null;
}

function keyOf(index: string, field: string): string {
  return JSON.stringify([index, field]);
}
