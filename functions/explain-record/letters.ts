import { documentId } from "../../lib/rules/documents/document-id.ts";
import type { LogEntry } from "../../lib/rules/inspection/entries.ts";
import { refusedVerdict, type Verdict } from "../../lib/rules/inspection/verdict.ts";
import type { ExplainRecordDeps, ExplainRecordInput, FoundLetter } from "./deps.ts";

type FoundRefusal =
  | { readonly letter: FoundLetter; readonly verdict: Verdict; readonly notes: readonly string[] }
  | { readonly letter: null; readonly notes: readonly string[] };

/** Looks for the record among the dead letters and, if it is not there, in the failure stores. */
export async function lookForLetter(
  { topic, partition, offset }: ExplainRecordInput,
  entry: LogEntry | undefined,
  { findLetter, findFailure }: Pick<ExplainRecordDeps, "findLetter" | "findFailure">,
): Promise<FoundRefusal> {
  const timestamp = entry?.kind === "record" ? entry.record.timestamp : null;
  const { letter, complete } = await findLetter(timestamp);
  const notes = complete
    ? []
    : ["There are more dead letters than were looked through: only the newest were."];
  if (letter !== null) {
    const { index, error, attempts } = letter;
    const failedAt = new Date(letter.failedAt).toISOString();
    return {
      letter: { index, error, attempts, failedAt },
      verdict: refusedVerdict("dead-lettered", index, error),
      notes,
    };
  }
  if (timestamp === null) return { letter: null, notes };
  const { failure, problems } = await findFailure(documentId(topic, { partition, offset, timestamp }));
  if (failure === null) {
    const unseen = problems.map((problem) => `A failure store may have it all the same. ${problem}`);
    return { letter: null, notes: [...notes, ...unseen] };
  }
  return { letter: failure, verdict: refusedVerdict("failure store", failure.index, failure.error), notes };
}
