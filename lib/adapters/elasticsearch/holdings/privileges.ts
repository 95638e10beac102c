import { z } from "zod";
import { isNoAddress } from "../../../rules/diagnosis/elasticsearch.ts";
import { indexPatternOf } from "../../../rules/model/names.ts";
import { shaped } from "../transport/shaped.ts";
import type { AskElasticsearch } from "./asking.ts";

/** For names and lifecycles, for sizes, for the times of documents. */
const NEEDED = ["view_index_metadata", "monitor", "read"];
const TIMEOUT_MS = 8_000;

const shape = z.object({
  index: z.record(z.string(), z.record(z.string(), z.boolean())).default({}),
});

/**
 * Returns a sentence for each target of which the user may not see everything; none if Elasticsearch checks no privileges.
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
 */
export async function missingPrivileges(
  elasticsearch: AskElasticsearch,
  targets: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const path = "/_security/user/_has_privileges";
  const index = [{ names: [...new Set(targets.map(indexPatternOf))], privileges: NEEDED }];
  try {
    const question = { method: "POST", path, body: { index }, timeoutMs: TIMEOUT_MS } as const;
    const { index: granted } = shaped(shape, await elasticsearch.ask(question, signal), path);
    return new Map(
      targets.flatMap((target) => {
        const pattern = indexPatternOf(target);
        const lacks = NEEDED.filter((privilege) => granted[pattern]?.[privilege] === false);
        const [one] = lacks;
        if (one === undefined) return [];
        const what = lacks.length === 1 ? `privilege ${one} is` : `privileges ${lacks.join(", ")} are`;
        return [[target, `the index ${what} missing on ${pattern}`] as const];
      }),
    );
  } catch (error) {
    if (isNoAddress(error)) return new Map();
    throw error;
  }
}
