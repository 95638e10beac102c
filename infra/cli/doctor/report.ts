import {
  AREAS,
  type Area,
  type Check,
  type CheckState,
  tallyOf,
} from "../../../lib/rules/diagnosis/check.ts";
import { oneLine } from "../../../lib/rules/base/visible-text.ts";
import type { Colour, Paint } from "../kit/terminal.ts";

const TITLES: Readonly<Record<Area, string>> = {
  config: "Config",
  host: "Host",
  kafka: "Kafka",
  elasticsearch: "Elasticsearch",
  etcd: "etcd",
  declarations: "Declarations",
};

/** A sign and a word, so that no meaning depends on colour. */
const MARKS: Readonly<Record<CheckState, { sign: string; word: string; colour: Colour }>> = {
  ok: { sign: "✓", word: "ok", colour: "green" },
  warning: { sign: "!", word: "warning", colour: "yellow" },
  failed: { sign: "✕", word: "failed", colour: "red" },
  skipped: { sign: "–", word: "skipped", colour: "dim" },
};
const WORD_WIDTH = 7;
const MOST_NAME_WIDTH = 40;

/** The report for a person: checks by area, with remedies. */
export function formatChecks(checks: readonly Check[], paint: Paint): string {
  const width = nameWidth(checks);
  const lines: string[] = [];
  for (const area of AREAS) {
    const some = checks.filter((check) => check.area === area);
    if (some.length === 0) continue;
    lines.push(paint("bold", TITLES[area]), ...some.flatMap((check) => linesOf(check, width, paint)), "");
  }
  return `${[...lines, summaryOf(checks)].join("\n")}\n`;
}

/** `{ well, tally, checks }`. */
export function checksAsJson(checks: readonly Check[]): string {
  return `${JSON.stringify({ well: isWell(checks), tally: tallyOf(checks), checks }, null, 2)}\n`;
}

/** True if nothing failed. */
export function isWell(checks: readonly Check[]): boolean {
  return checks.every(({ state }) => state !== "failed");
}

/** The lines of some checks, without headings. */
export function checkLines(checks: readonly Check[], paint: Paint): string[] {
  const width = nameWidth(checks);
  return checks.flatMap((check) => linesOf(check, width, paint));
}

function nameWidth(checks: readonly Check[]): number {
  return Math.min(MOST_NAME_WIDTH, Math.max(0, ...checks.map(({ name }) => oneLine(name).length)));
}

function linesOf({ name, state, seen, remedy, command }: Check, width: number, paint: Paint): string[] {
  const { sign, word, colour } = MARKS[state];
  const mark = paint(colour, `${sign} ${word.padEnd(WORD_WIDTH)}`);
  const first = `  ${mark}  ${oneLine(name).padEnd(width)}  ${oneLine(seen)}`;
  if (remedy === null) return [first];
  const indent = " ".repeat(WORD_WIDTH + width + 8);
  return [
    first,
    `${indent}→ ${oneLine(remedy)}`,
    ...(command === undefined ? [] : [`${indent}  ${oneLine(command)}`]),
  ];
}

/** `12 ok, 1 warning, 0 failed, 0 skipped`. */
export function summaryOf(checks: readonly Check[]): string {
  const { ok, warning, failed, skipped } = tallyOf(checks);
  const warnings = `${warning} ${warning === 1 ? "warning" : "warnings"}`;
  return `${ok} ok, ${warnings}, ${failed} failed, ${skipped} skipped`;
}
