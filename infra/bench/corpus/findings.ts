import type { CorpusRun } from "./run-corpus.ts";
import { isIn1970, isLost, isTimeRight } from "./tally.ts";
import type { CorpusOutcome } from "./outcomes.ts";

const SHOWN = 160;

/** Returns a line for each record that is refused, wrongly dated, partly ignored or lost, and for each word not found. */
export function findingsOf({ outcomes, verdicts }: CorpusRun): string {
  const lines: string[] = [];
  const add = (outcome: CorpusOutcome, what: string): void => {
    const { scene, record } = outcome;
    const value = record.value.toString().replaceAll(/\s+/g, " ");
    lines.push(`${scene.name}: ${record.source.name} ${record.n}: ${what}: ${value.slice(0, SHOWN)}`);
  };
  for (const outcome of outcomes) {
    const { record, documents, refusals } = outcome;
    if (isLost(outcome)) add(outcome, "lost");
    for (const refusal of refusals) add(outcome, `refused, ${refusal.slice(0, SHOWN)}`);
    for (const { timeMs, ignored, tags } of documents) {
      if (ignored.length > 0) add(outcome, `ignored ${ignored.slice(0, 5).join(" ")}`);
      if (tags.includes("fields_flattened") || tags.includes("fields_as_text")) add(outcome, tags.join(" "));
      const isWrong = record.timeMs !== null && !isTimeRight(outcome);
      if (isWrong || isIn1970(outcome))
        add(outcome, `dated ${new Date(timeMs).toISOString()}, ${tags.join(" ")}`);
    }
  }
  for (const { word, place, outcome, found } of verdicts) {
    if (!found && outcome.documents.length > 0) add(outcome, `"${word}" not found, ${place}`);
  }
  return lines.map((line) => `${line}\n`).join("");
}
