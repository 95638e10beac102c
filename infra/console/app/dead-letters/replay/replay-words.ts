import type { ReplayJob } from "../../../../api/letters/dead-letters.ts";
import type { ReplayOutcomes, ReplayResult } from "../../../../../functions/replay-dead-letters.ts";
import type { LettersLeft } from "../../../../../functions/letters-left.ts";
import { exactCount, plural } from "../../text/format.ts";

const words: readonly (readonly [keyof ReplayOutcomes, string])[] = [
  ["indexed", "indexed"],
  ["alreadyThere", "already there (duplicate)"],
  ["wouldReplay", "would be replayed"],
  ["stillRejected", "still rejected"],
  ["skipped", "skipped"],
  ["unrecoverable", "unrecoverable"],
  ["elsewhere", "for an index not declared"],
];

/** `11,900 indexed · 100 still rejected`; "" before the first outcome. */
export function outcomeWords(outcomes: ReplayOutcomes): string {
  return words
    .filter(([name]) => outcomes[name] > 0)
    .map(([name, word]) => `${exactCount(outcomes[name])} ${word}`)
    .join(" · ");
}

/** What a replay did in failure stores, in sentences. */
export function storeWords({
  cleared,
  wouldClear,
  open,
  openPlaces,
  unexamined,
}: ReplayResult["failureStores"]): string[] {
  const places = openPlaces
    .slice(0, 10)
    .map(({ topic, partition, offset }) => `${topic} ${partition}/${offset}`)
    .join(", ");
  return [
    ...(cleared === 0
      ? []
      : [`${plural(cleared, "document")} deleted from failure stores: the records are in the index.`]),
    ...(wouldClear === 0
      ? []
      : [
          `${plural(wouldClear, "document")} would be deleted from failure stores: the records are in the index.`,
        ]),
    ...(open === 0
      ? []
      : [
          `${plural(open, "record")} in failure stores neither indexed nor a dead letter: a host still tries them, and penstock audit --repair brings in what it has committed (${places}${open > 10 ? ", …" : ""}).`,
        ]),
    ...(unexamined === 0
      ? []
      : [`${plural(unexamined, "document")} in failure stores not looked at: replay again later.`]),
  ];
}

/** A job's title: `Replay of app-pay, mapper_parsing_exception`. */
export function jobTitle({ request }: ReplayJob): string {
  const { dryRun, topic, error, since, index, refusedBy, field } = request;
  const what = [
    topic ?? "all topics",
    error ?? [],
    refusedBy === null ? [] : `refused by ${refusedBy} for ${field ?? "no field"}`,
    since === null ? [] : `since ${since}`,
    index === null ? [] : `into ${index}`,
  ];
  return `${dryRun ? "Dry run of a replay" : "Replay"} of ${what.flat().join(", ")}`;
}

/** Whether every letter of a replayed group was looked up, and an index has its record. */
export function isAllResolved({ complete, states: { open, unknown } }: LettersLeft): boolean {
  return complete && open + unknown === 0;
}

/** What became of the letters of a replayed group, in a sentence. */
export function leftWords(left: LettersLeft): string {
  const { states, byIndex, complete } = left;
  const { open, resolved, unknown } = states;
  if (!complete && open + resolved + unknown === 0) return "No letter of the group was looked up.";
  const counts = [
    `${exactCount(resolved)} resolved`,
    `${exactCount(open)} left`,
    ...(unknown === 0 ? [] : [`${exactCount(unknown)} unknown`]),
  ].join(", ");
  const [only] = byIndex;
  const isOne = byIndex.length === 1 && open + unknown === 0;
  const places = byIndex.map(({ index, letters }) => `${exactCount(letters)} in ${index}`).join(", ");
  const where = only === undefined ? "" : `; ${isOne ? `all in ${only.index}` : places}`;
  const which = complete && unknown === 0 ? "Every" : "Not every";
  return `${which} letter of the group was looked up: ${counts}${where}.`;
}

/** Instead of an empty list of letters. @param isWhole whether every letter of the group was looked up */
export function emptyWords(state: string, isWhole: boolean): string {
  if (state === "open")
    return isWhole
      ? "Nothing is left: no letter of this kind is open."
      : "None of the letters that were looked up is open.";
  return isWhole ? "There is none." : "There is none among the letters that were looked up.";
}

/** Whether some of the requested letters could not be indexed. */
export function leftSomething({ stillRejected, unrecoverable, elsewhere }: ReplayOutcomes): boolean {
  return stillRejected + unrecoverable + elsewhere > 0;
}
