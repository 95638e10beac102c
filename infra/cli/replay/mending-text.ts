import type { Mending, TriedMending } from "../../../functions/mend-letters.ts";
import { counted, countText } from "../../../lib/rules/base/units.ts";
import { oneLine, visibleText } from "../../../lib/rules/base/visible-text.ts";
import type { DigestGroup } from "../../../lib/rules/dead-letters/dead-letter-digest.ts";
import { lettersReadMs, newestLetters } from "../../../lib/rules/dead-letters/reading-limits.ts";
import type { MendRequest, Proposal } from "../../../lib/rules/mending/proposal.ts";
import type { Verdict } from "../../../lib/rules/mending/verdict.ts";
import {
  bestText,
  goodText,
  lettersText,
  madeByWords,
  targetWords,
} from "../../../lib/rules/mending/words.ts";
import { PROGRAM } from "../kit/help-text.ts";
import type { MendedGroup, MendedGroups } from "./mending.ts";
import { groupText } from "./report.ts";

/** Below the first line of a group. */
const INDENT = " ".repeat(11);
/** Which letters were read, if not all were. */
const PARTLY = `, of about the newest ${countText(newestLetters)} that could be read within ${lettersReadMs / 1_000} s: not all were read`;
const MAX_REASON_CHARACTERS = 300;
const MAX_MAPPING_CHARACTERS = 1_000;

/** Why each group is refused and what may be done, for a person. @param config as it was given; null: it was not */
export function formatMending(
  { groups, more, ended, statesProblems }: MendedGroups,
  config: string | null,
): string {
  const lines = [
    ...statesProblems.map((problem) => `Note: ${oneLine(problem)}.`),
    ...(groups.length === 0 ? ["There are no open dead letters."] : []),
    ...groups.flatMap((one) => [...groupText(one.group), ...answerLines(one, config), ""]),
    ...(more === 0 ? [] : [moreText(more, ended)]),
    ...(groups.length === 0
      ? []
      : ["Nothing was changed: send the request of one change, then bring the letters in as it says."]),
  ];
  return `${lines.join("\n")}\n`;
}

function moreText(more: number, ended: string | null): string {
  const groups = counted(more, "more group");
  if (ended === null) return `There are ${groups}: choose with --topic or --error.`;
  return `${groups} not looked at, because a server is away: ${oneLine(ended)}`;
}

function answerLines({ group, mending, problem }: MendedGroup, config: string | null): string[] {
  if (mending === null) return [`${INDENT}not looked at: ${oneLine(problem ?? "")}`];
  const { target, mapping, template, letters, complete, proposals } = mending;
  const tried = "verdicts" in mending ? mending : null;
  const incomparable = tried?.incomparable ?? null;
  return [
    `${INDENT}documents go to ${oneLine(targetWords(target, group.index))}`,
    ...(group.field === null ? [] : fieldLines(group.field, { mapping, template })),
    `${INDENT}${counted(letters, "open letter")} to try changes with${complete ? "" : PARTLY}`,
    ...(incomparable === null
      ? []
      : [`${INDENT}No change is marked as the smallest. ${oneLine(incomparable)}`]),
    ...proposals.flatMap((proposal) => proposalLines(proposal, tried, group, config)),
  ];
}

function fieldLines(field: string, { mapping, template }: Pick<Mending, "mapping" | "template">): string[] {
  if (mapping === null) return [`${INDENT}the index does not have the field ${oneLine(field)}`];
  const text = visibleText(JSON.stringify(mapping)).slice(0, MAX_MAPPING_CHARACTERS);
  return [
    `${INDENT}mapping of ${oneLine(field)}: ${text}`,
    `${INDENT}made by: ${oneLine(madeByWords(template))}`,
  ];
}

function proposalLines(
  { id, title, change, costs, request, declare, index }: Proposal,
  tried: TriedMending | null,
  group: DigestGroup,
  config: string | null,
): string[] {
  const verdict = tried?.verdicts[id] ?? null;
  return [
    `         - ${oneLine(title)}${tried?.best === id ? ` (${bestText(verdict)})` : ""}`,
    ...[change, ...costs].map((sentence) => `${INDENT}${oneLine(sentence)}`),
    ...(tried === null ? [] : verdictLines(verdict)),
    ...(request === null ? [] : [`${INDENT}request: ${requestText(request)}`]),
    ...(declare ? [`${INDENT}request: none; change the topic's declaration`] : []),
    `${INDENT}then: ${replayText(group, index, config)}`,
  ];
}

function verdictLines(verdict: Verdict | null): string[] {
  if (verdict === null) return [`${INDENT}not tried`];
  const { reason, notes } = verdict;
  return [
    `${INDENT}letters: ${lettersText(verdict)}`,
    ...(reason === null ? [] : [`${INDENT}refused: ${oneLine(reason.slice(0, MAX_REASON_CHARACTERS))}`]),
    `${INDENT}good records: ${goodText(verdict)}`,
    ...notes.map((note) => `${INDENT}note: ${oneLine(note)}`),
  ];
}

/** In full, to be sent as it is. As codes, others' characters mean the same in JSON. */
function requestText({ method, path, body }: MendRequest): string {
  return visibleText(`${method} ${path} ${JSON.stringify(body)}`);
}

/** The command that brings in exactly this group. @param into null: the index that refused it */
function replayText(
  { topic, index, field, error }: DigestGroup,
  into: string | null,
  config: string | null,
): string {
  const options = { topic, "refused-by": index, field, error, index: into, config };
  const words = Object.entries(options).flatMap(([name, value]) =>
    value === null ? [] : `--${name}${value.startsWith("-") ? "=" : " "}${shellWord(value)}`,
  );
  return [PROGRAM, "replay", ...words].join(" ");
}

/** One word to a shell, whatever the text is. */
function shellWord(text: string): string {
  const shown = visibleText(text);
  return /^[\w.:@/-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", `'\\''`)}'`;
}
