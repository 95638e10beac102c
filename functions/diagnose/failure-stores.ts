import type { ElasticsearchDiagnosis } from "../../lib/adapters/elasticsearch/diagnosis/diagnosis.ts";
import type { FailureStoreFacts } from "../../lib/rules/diagnosis/failure-stores.ts";

/** Each costs a search. */
const MAX_READ = 20;

/**
 * Finds the failure stores of the targets, and counts what lies in those that the user may read.
 * @param targets names and patterns
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
 */
export async function examineFailureStores(
  targets: readonly string[],
  { failureStores }: Pick<ElasticsearchDiagnosis, "failureStores">,
  signal: AbortSignal,
): Promise<FailureStoreFacts> {
  if (targets.length === 0) return { streams: [], problems: [], contents: new Map() };
  const survey = await failureStores.survey(targets, signal);
  const read = survey.streams.filter(({ readable, indices }) => readable && indices.length > 0);
  const contents = new Map(
    await Promise.all(
      read
        .slice(0, MAX_READ)
        .map(async ({ stream }) => [stream, await failureStores.contents(stream, null, signal)] as const),
    ),
  );
  return { ...survey, contents };
}
