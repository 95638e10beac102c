import { alignColumns } from "../../cli/kit/columns.ts";
import { median } from "../kit/median.ts";
import { aimText, isMet, type Measurement, numberText, type SceneResult } from "../kit/measurement.ts";

const TITLES = ["", "", "median", "lowest – highest", "aim", ""];
const TEXT_COLUMNS = 2;

/** The report for a person: a block for each scene, a line for each figure. */
export function reportOf(results: readonly SceneResult[]): string {
  return results.map(blockOf).join("\n");
}

function blockOf({ scene, measurements, samples = [] }: SceneResult): string {
  const lines: string[] = [`\n${scene}`];
  for (const [what, some] of Map.groupBy(measurements, ({ what }) => what)) {
    lines.push(
      `  ${what}`,
      ...alignColumns([TITLES, ...some.map(cellsOf)], TEXT_COLUMNS).map((line) => `    ${line}`),
    );
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
