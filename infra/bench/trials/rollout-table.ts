import { percentile } from "../kit/median.ts";
import type { Rollout, RolloutStep } from "./rollout.ts";
import { textTable } from "../report/text-table.ts";

const TITLES = [
  "step",
  "exit code",
  "new ready",
  "old gone",
  "stood still: median",
  "95 %",
  "longest",
  "owner stays",
  "owner goes",
  "lag peak",
  "back after",
  "sent again",
];

/** One line for each host that was replaced, and what the partitions do without any of it. */
export function rolloutTable({ steps, quietMs }: Rollout): string {
  const rows = [
    TITLES,
    ["nothing happens", "", "", "", ...stillCells(quietMs), "", "", "", "", ""],
    ...steps.map((step, n) => cellsOf(step, n + 1)),
    [
      "all steps",
      "",
      "",
      "",
      ...stillCells(steps.flatMap(({ standstillsMs }) => standstillsMs)),
      longestCell(steps.flatMap(({ keptMs }) => keptMs)),
      longestCell(steps.flatMap(({ leftMs }) => leftMs)),
      "",
      "",
      "",
    ],
  ];
  return textTable(rows);
}

function cellsOf(step: RolloutStep, number: number): string[] {
  return [
    `${number}, ${step.way}`,
    String(step.exitCode),
    secondsText(step.readyAfterMs),
    secondsText(step.exitAfterMs),
    ...stillCells(step.standstillsMs),
    longestCell(step.keptMs),
    longestCell(step.leftMs),
    step.lagPeak.toLocaleString("en-US"),
    secondsText(step.backAfterMs),
    step.duplicates.toLocaleString("en-US"),
  ];
}

function stillCells(ms: readonly number[]): string[] {
  return [0.5, 0.95, 1].map((share) => secondsText(percentile(ms, share)));
}

function longestCell(ms: readonly number[]): string {
  return ms.length === 0 ? "" : secondsText(percentile(ms, 1));
}

function secondsText(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`;
}
