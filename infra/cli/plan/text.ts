import type { Preview } from "../../../functions/preview-plan.ts";
import { counted } from "../../../lib/rules/base/units.ts";
import { oneLine } from "../../../lib/rules/base/visible-text.ts";
import type { Conflict } from "../../../lib/rules/declarations/desired.ts";
import type { Plan } from "../../../lib/rules/plan/plan.ts";
import {
  doesAnything,
  optionText,
  type PlanField,
  type PlanKind,
  type PlanRow,
  planRows,
} from "../../../lib/rules/plan/plan-rows.ts";
import type { Colour, Paint } from "../kit/terminal.ts";
import { sourceText } from "../topics/list.ts";

export interface ToldPlan extends Preview {
  /** The host that it is compared with; null: none answers, and why. */
  readonly compared: { readonly host: string } | { readonly host: null; readonly reason: string };
  /** Whether topics that stay just as they are get a line. */
  readonly all: boolean;
}

/** A sign and a word, so that no meaning depends on colour. */
const MARKS: Readonly<Record<PlanKind, { readonly sign: string; readonly colour: Colour | null }>> = {
  start: { sign: "+", colour: "green" },
  stop: { sign: "-", colour: "red" },
  replace: { sign: "~", colour: "yellow" },
  keep: { sign: "=", colour: "dim" },
  pending: { sign: "?", colour: "dim" },
  refused: { sign: "!", colour: "red" },
};
const WORD_WIDTH = 7;

/** The plan for a person: a block for each topic, and the sum at the end. */
export function formatPlan({ plan, conflicts, excluded, compared, all }: ToldPlan, paint: Paint): string {
  const head =
    compared.host === null
      ? `Note: ${oneLine(compared.reason)}. This is what a host does at its start.`
      : `Compared with the host at ${compared.host}:`;
  const lines = [
    ...planRows(plan, true)
      .filter(({ kind, reason }) => all || kind !== "keep" || reason !== null)
      .flatMap((row) => linesOf(row, paint)),
    ...conflicts.map((conflict) => conflictLine(conflict)),
    ...excluded.map(
      ({ pattern, globs }) =>
        `pattern ${oneLine(pattern)} leaves out ${globs.map(({ glob, topics }) => `${oneLine(glob)} (${counted(topics, "topic")})`).join(", ")}`,
    ),
  ];
  return `${[head, "", ...lines, ...(lines.length === 0 ? [] : [""]), sumOf(plan)].join("\n")}\n`;
}

function linesOf({ kind, topic, fields, source, reason }: PlanRow, paint: Paint): string[] {
  const { sign, colour } = MARKS[kind];
  const mark = `${sign} ${kind.padEnd(WORD_WIDTH)}`;
  const where = source === null ? [] : [`(${sourceText(source)})`];
  const words = [topic === null ? "" : oneLine(topic), ...where].filter((word) => word !== "").join("  ");
  const why = reason === null ? "" : `: ${oneLine(reason)}`;
  return [
    `${colour === null ? mark : paint(colour, mark)}  ${words}${why}`,
    ...fields.map((field) => `             ${fieldText(field)}`),
  ];
}

function fieldText({ field, ...sides }: PlanField): string {
  const text = (value: unknown): string => oneLine(optionText(value));
  if (!("from" in sides)) return `${field}: ${text(sides.to)}`;
  return "to" in sides
    ? `${field}: ${text(sides.from)} → ${text(sides.to)}`
    : `${field}: ${text(sides.from)}`;
}

function conflictLine({ topic, winner, loser, differs }: Conflict): string {
  const fields = differs.map(({ field }) => field).join(", ");
  return `conflict: ${oneLine(topic)}: ${sourceText(winner)} wins over ${sourceText(loser)}, which differs in ${fields}`;
}

/** `2 to start, 1 to stop; 12 stay as they are, 1 pending.` */
function sumOf(plan: Plan): string {
  const { start, stop, replace, keep, pending, refused } = plan;
  const does = [
    [start.length, "to start"] as const,
    [replace.length, "to replace"] as const,
    [stop.length, "to stop"] as const,
  ];
  const rest = [
    [keep.length, keep.length === 1 ? "stays as it is" : "stay as they are"] as const,
    [pending.length, "pending"] as const,
    [refused.length, "refused"] as const,
  ];
  const told = (parts: readonly (readonly [number, string])[]): string =>
    parts.flatMap(([count, words]) => (count > 0 ? [`${count} ${words}`] : [])).join(", ");
  const others = told(rest);
  const first = doesAnything(plan) ? told(does) : "Nothing would change";
  return `${others === "" ? first : `${first}; ${others}`}.`;
}
