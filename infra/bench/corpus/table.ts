import { alignColumns } from "../../cli/kit/columns.ts";
import type { CorpusRun } from "./run-corpus.ts";
import { type CorpusTally, type Share, tallyOf } from "./tally.ts";

/** The figures of one scene, or of several together. */
export interface CorpusRow {
  readonly name: string;
  readonly tally: CorpusTally;
}

const HEAD = [
  "",
  "records",
  "documents",
  "refused",
  "flattened",
  "ignored",
  "1970",
  "time right",
  "text",
  "in message",
  "elsewhere",
  "lost",
  "doubled",
];

/** Returns a row for each scene, and one for each kind of scene. */
export function rowsOf({ outcomes, verdicts }: CorpusRun): CorpusRow[] {
  const byScene = Map.groupBy(outcomes, ({ scene }) => scene);
  const words = Map.groupBy(verdicts, ({ outcome }) => outcome.scene);
  const rows = [...byScene].map(([scene, own]) => ({
    name: scene.name,
    kind: scene.kind,
    tally: tallyOf(own, words.get(scene) ?? []),
  }));
  const totals = (["alone", "mixed"] as const).flatMap((kind) => {
    const scenes = outcomes.filter(({ scene }) => scene.kind === kind);
    if (scenes.length === 0) return [];
    const tally = tallyOf(
      scenes,
      verdicts.filter(({ outcome }) => outcome.scene.kind === kind),
    );
    return [{ name: kind === "alone" ? "all, each alone" : "all mixed topics", tally }];
  });
  return [...rows, ...totals];
}

/** @param before the rows of another version, shown before figures that differ; null: no comparison */
export function corpusTable(rows: readonly CorpusRow[], before: readonly CorpusRow[] | null): string {
  const cells = rows.map((row) => {
    const older = before?.find(({ name }) => name === row.name);
    const own = cellsOf(row.tally);
    const theirs = older === undefined ? own : cellsOf(older.tally);
    return [row.name, ...own.map((cell, at) => (cell === theirs[at] ? cell : `${theirs[at]} → ${cell}`))];
  });
  return `${alignColumns([HEAD, ...cells]).join("\n")}\n`;
}

function cellsOf(tally: CorpusTally): string[] {
  const { records, documents, refused, flattened, ignored, in1970, times, words, lost, doubled } = tally;
  const counts = [records, documents, refused, flattened, ignored, in1970].map(countText);
  const shares = [times, words.text, words.message, words.elsewhere].map(shareText);
  return [...counts, ...shares, countText(lost), countText(doubled)];
}

const countText = (count: number): string => (count === 0 ? "·" : String(count));

function shareText({ right, of }: Share): string {
  if (of === 0) return "·";
  // Rounded down: 100 % means all of them.
  return right === of ? "100 %" : `${Math.floor((right / of) * 1_000) / 10} %`;
}
