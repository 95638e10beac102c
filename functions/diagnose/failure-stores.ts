import type { ElasticsearchDiagnosis } from "../../lib/adapters/elasticsearch/diagnosis/diagnosis.ts";
import { messageOf } from "../../lib/rules/base/errors.ts";
import type { StoreContents } from "../../lib/rules/dead-letters/failure-stores.ts";
import type { FailureStoreFacts } from "../../lib/rules/diagnosis/failure-stores.ts";

/** Each costs a search. */
const MAX_READ = 20;

/**
 * Finds the failure stores of the targets, and counts what lies in those that the user may read. One that does not answer
 * does not hide the others.
 * @param targets names and patterns
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
 */
export async function examineFailureStores(
  targets: readonly string[],
  { failureStores }: Pick<ElasticsearchDiagnosis, "failureStores">,
  signal: AbortSignal,
): Promise<FailureStoreFacts> {
  const contents = new Map<string, StoreContents>();
  const unread = new Map<string, string>();
  if (targets.length === 0) return { streams: [], problems: [], contents, unread };
  const survey = await failureStores.survey(targets, signal);
  const read = survey.streams.filter(({ readable, indices }) => readable && indices.length > 0);
  const look = async (stream: string): Promise<void> => {
    try {
      contents.set(stream, await failureStores.contents(stream, null, signal));
    } catch (error) {
      signal.throwIfAborted();
      unread.set(stream, messageOf(error));
    }
  };
  await Promise.all(read.slice(0, MAX_READ).map(({ stream }) => look(stream)));
  return { ...survey, contents, unread };
}
