import { PenstockError } from "../../lib/rules/base/errors.ts";
import type {
  FailureStores,
  StoreContents,
  StoredKind,
} from "../../lib/rules/dead-letters/failure-stores.ts";
import { counted, countText } from "../../lib/rules/base/units.ts";

/** How many kinds of errors of a stream to name. */
const KINDS = 3;

/**
 * Returns what lies in the failure stores of the data streams meant: documents that Elasticsearch refused, which the tool
 * saw as written. One sentence for each stream, and for each store that cannot be read.
 */
export async function refusedDocuments(
  targets: readonly string[],
  topic: string,
  stores: Pick<FailureStores, "survey" | "contents">,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { streams, problems } = await stores.survey(targets, signal);
  const notes = [...problems];
  for (const { stream, indices, readable } of streams) {
    if (indices.length === 0) continue;
    if (!readable) {
      notes.push(
        `the failure store of ${stream} may hold some: reading it needs the privilege read_failure_store`,
      );
      continue;
    }
    let contents: StoreContents;
    try {
      contents = await stores.contents(stream, topic, signal);
    } catch (error) {
      if (!(error instanceof PenstockError)) throw error;
      notes.push(`the failure store of ${stream} may hold some: it could not be read (${error.message})`);
      continue;
    }
    const { ours, others } = contents;
    const documents = ours.documents + others.documents;
    if (documents === 0) continue;
    const kinds = [...ours.kinds, ...others.kinds].sort((a, b) => b.documents - a.documents).slice(0, KINDS);
    notes.push(
      `Elasticsearch refused ${counted(documents, "document")}, which ${documents === 1 ? "lies" : "lie"} in the failure store of ${stream}: ${kinds.map(kindText).join("; ")}`,
    );
  }
  return notes;
}

function kindText({ error, documents, sample }: StoredKind): string {
  return `${countText(documents)} ${error} (${sample.reason.slice(0, 200)})`;
}
