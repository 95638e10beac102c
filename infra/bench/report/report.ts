import { median } from "../kit/median.ts";
import { aimText, isMet, type Measurement, numberText, type SceneResult } from "../kit/measurement.ts";

const TITLES = ["", "", "median", "lowest – highest", "aim", ""];
const TEXT_COLUMNS = 2;

/** What a person reads at the end: one block a scene, one line a figure. */
export function reportOf(results: readonly SceneResult[]): string {
  return results.map(blockOf).join("\n");
}

function blockOf({ scene, measurements, samples = [] }: SceneResult): string {
  const lines: string[] = [`\n${scene}`];
  for (const [what, some] of Map.groupBy(measurements, ({ what }) => what)) {
    lines.push(`  ${what}`, ...aligned([TITLES, ...some.map(cellsOf)]).map((line) => `    ${line}`));
  }
  for (const [what, some] of Map.groupBy(samples, ({ what }) => what))
    lines.push(`  ${what}`, ...some.flatMap(({ who, text }) => [`    ${who}`, `      ${text}`]));
  return `${lines.join("\n")}\n`;
}

function cellsOf(measurement: Measurement): string[] {
  const { figure, who, unit, values, aim } = measurement;
  const met = isMet(measurement);
  return [
    figure,
    who,
    `${numberText(median(values))} ${unit}`,
    values.length === 1 ? "" : `${numberText(Math.min(...values))} – ${numberText(Math.max(...values))}`,
    aim === undefined ? "" : aimText(aim),
    met === null ? "" : met ? "met" : "MISSED",
  ];
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = TITLES.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column < TEXT_COLUMNS ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
}
