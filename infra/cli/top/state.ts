import type { FleetTopic } from "../../../functions/fleet/model.ts";
import { seenAs, type SeenState, worstFirst } from "../../../lib/rules/progress/status.ts";

/** What rows can be sorted by, in the order in which `s` goes through them. */
export const SORTS = ["state", "topic", "rate", "lag", "indexed", "dead"] as const;
export type Sort = (typeof SORTS)[number];

/** What the keys chose. */
export interface TopState {
  readonly sort: Sort;
  readonly reversed: boolean;
  /** Part of the names of the topics that are shown. */
  readonly filter: string;
  /** Whether keys go into the filter. */
  readonly typing: boolean;
  /** Which row is marked, from 0. */
  readonly marked: number;
}

export const FIRST_STATE: TopState = { sort: "state", reversed: false, filter: "", typing: false, marked: 0 };

/** Of the rows that the filter leaves: how many there are, and how many fit. */
export interface Extent {
  readonly rows: number;
  readonly page: number;
}

/** @returns what the key makes of it; `quit` or `interrupt` if it ends */
export function afterKey(state: TopState, key: string, extent: Extent): TopState | "quit" | "interrupt" {
  if (key === "\u0003") return "interrupt";
  if (state.typing) return typed(state, key);
  const last = Math.max(0, extent.rows - 1);
  const step = stepOf(key, extent.page);
  // There may be fewer rows than when it was marked.
  const marked = Math.min(last, state.marked);
  if (step !== null) return { ...state, marked: Math.min(last, Math.max(0, marked + step)) };
  switch (key) {
    case "q":
      return "quit";
    case "s":
      return { ...state, sort: SORTS[(SORTS.indexOf(state.sort) + 1) % SORTS.length] ?? "state" };
    case "r":
      return { ...state, reversed: !state.reversed };
    case "/":
      return { ...state, typing: true };
    case "\u001B":
      return { ...state, filter: "", marked: 0 };
    case "g":
    case "\u001B[H":
      return { ...state, marked: 0 };
    case "G":
    case "\u001B[F":
      return { ...state, marked: last };
    default:
      return state;
  }
}

/** By how many rows a key moves the mark; null: it does not. */
function stepOf(key: string, page: number): number | null {
  if (key === "k" || key === "\u001B[A") return -1;
  if (key === "j" || key === "\u001B[B") return 1;
  if (key === "\u001B[5~") return -page;
  return key === "\u001B[6~" ? page : null;
}

function typed(state: TopState, key: string): TopState {
  if (key === "\r" || key === "\n") return { ...state, typing: false };
  if (key === "\u001B") return { ...state, typing: false, filter: "", marked: 0 };
  if (key === "\u007F" || key === "\b") return { ...state, filter: state.filter.slice(0, -1), marked: 0 };
  // Names of topics have no other characters.
  return /^[\w.-]$/.test(key) ? { ...state, filter: state.filter + key, marked: 0 } : state;
}

/** Topics that no host runs come last. */
const WORST: readonly (SeenState | null)[] = [...worstFirst, null];

const figures: Readonly<Record<Exclude<Sort, "state" | "topic">, (topic: FleetTopic) => number>> = {
  rate: ({ rate }) => rate ?? -1,
  lag: ({ lag }) => lag ?? -1,
  indexed: ({ counts }) => counts?.indexed ?? -1,
  dead: ({ counts }) => counts?.deadLettered ?? -1,
};

/** The topics of the filter in their order: figures from the largest, and what is equal by name. */
export function shownTopics(
  topics: readonly FleetTopic[],
  { sort, reversed, filter }: Pick<TopState, "sort" | "reversed" | "filter">,
): FleetTopic[] {
  const wanted = filter.toLowerCase();
  const sign = reversed ? -1 : 1;
  return topics
    .filter(({ topic }) => topic.toLowerCase().includes(wanted))
    .toSorted((a, b) => sign * compared(a, b, sort) || (a.topic < b.topic ? -1 : 1));
}

function compared(a: FleetTopic, b: FleetTopic, sort: Sort): number {
  if (sort === "topic") return a.topic < b.topic ? -1 : 1;
  if (sort === "state") return rankOf(a) - rankOf(b);
  return figures[sort](b) - figures[sort](a);
}

function rankOf(topic: FleetTopic): number {
  return WORST.indexOf(seenAs(topic));
}
