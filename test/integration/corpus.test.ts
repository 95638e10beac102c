import { beforeAll, describe, expect, test } from "bun:test";
import { findingsOf } from "../../infra/bench/corpus/findings.ts";
import { corpusScenes, runCorpus } from "../../infra/bench/corpus/run-corpus.ts";
import { type CorpusRow, corpusTable, rowsOf } from "../../infra/bench/corpus/table.ts";
import type { Share } from "../../infra/bench/corpus/tally.ts";
import { testStack } from "../support/stack.ts";

/** A quarter of each source's records, including unusual shapes; `bun run corpus` takes all. */
const EVERY = 4;
const SEED = 1;

let rows: readonly CorpusRow[] = [];
/** Where to look if a figure is wrong. */
let report = "";

beforeAll(async () => {
  const { brokers, elasticsearchNode: node } = await testStack();
  const run = await runCorpus({
    brokers,
    node,
    scenes: await corpusScenes(SEED, EVERY),
    checkout: undefined,
    isSearched: ({ kind, name }) => kind === "alone" || name.endsWith("shuffled"),
    seed: SEED,
    signal: AbortSignal.timeout(600_000),
    progress: () => {},
  });
  rows = rowsOf(run);
  report = `${corpusTable(rows, null)}\n${findingsOf(run)}`;
}, 2_400_000);

const shareOf = ({ right, of }: Share): number => (of === 0 ? 1 : right / of);

/** The rows that fail the condition, printed to standard error with all details. */
function wrong(holds: (row: CorpusRow) => boolean): string[] {
  const names = rows.filter((row) => !holds(row)).map(({ name }) => name);
  if (names.length > 0) process.stderr.write(report);
  return names;
}

const row = (name: string): CorpusRow => {
  const found = rows.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no row is called ${name}`);
  return found;
};

describe("records written by other programs:", () => {
  test("none is lost or doubled, in any order", () => {
    expect(rows.length).toBeGreaterThan(100);
    expect(wrong(({ tally }) => tally.lost === 0 && tally.doubled === 0)).toEqual([]);
  });

  test("almost none is refused, with each source alone and many in one topic", () => {
    const { refused, records } = row("all, each alone").tally;
    expect(refused / records, report).toBeLessThanOrEqual(0.005);
    expect(wrong(({ name, tally }) => !name.includes(",") || tally.refused <= 0.01 * tally.records)).toEqual(
      [],
    );
  });

  test("every record that contains its time has it, and none is from January 1970", () => {
    expect(wrong(({ tally }) => tally.in1970 === 0 && shareOf(tally.times) === 1)).toEqual([]);
  });

  test("a word finds its record", () => {
    for (const name of ["all, each alone", "all mixed topics"]) {
      const { words } = row(name).tally;
      expect(shareOf(words.text), report).toBeGreaterThanOrEqual(0.98);
      expect(shareOf(words.message), report).toBeGreaterThanOrEqual(0.98);
      expect(shareOf(words.elsewhere), report).toBeGreaterThanOrEqual(0.93);
    }
  });
});
