import type { FleetHost, FleetResult, FleetTopic } from "../../../functions/fleet/model.ts";
import { counted, countText } from "../../../lib/rules/base/units.ts";
import { seenAs, type SeenState } from "../../../lib/rules/progress/status.ts";
import type { Colour, Paint } from "../kit/terminal.ts";
import { cutTo, fitted } from "../screen/fit.ts";
import { type Extent, shownTopics, type TopState } from "./state.ts";

/** What is shown. */
export interface TopView {
  /** The latest answer; null before the first. */
  readonly fleet: FleetResult | null;
  /** Why it is missing or old; null if it is current. */
  readonly trouble: string | null;
  /** Of the latest answer, as `12:30:01Z`. */
  readonly at: string;
}

export interface TopSize {
  readonly columns: number;
  readonly rows: number;
}

const COLOURS: Readonly<Record<SeenState, Colour | null>> = {
  running: "green",
  starting: null,
  pending: "dim",
  held: "yellow",
  stopping: null,
  retrying: "red",
  stalled: "red",
  failed: "red",
};

const MOST_HOSTS = 4;
/** Head, totals, an empty line, the columns' names, the marked topic's reason, the keys. */
const OTHER_LINES = 6;
const KEYS = "↑↓ move  s sort  r reverse  / filter  q quit";

/** The rows that the mark moves over. */
export function extentOf(view: TopView, state: TopState, size: TopSize): Extent {
  return { rows: shownTopics(view.fleet?.topics ?? [], state).length, page: pageSize(size, view) };
}

/** How many topics fit beside this many hosts. */
function pageSize({ rows }: TopSize, { fleet }: TopView): number {
  return Math.max(1, rows - OTHER_LINES - hostLines(fleet?.hosts ?? [], 1).length);
}

/** The whole screen: as many lines as it has rows, none wider than it. */
export function frame(view: TopView, state: TopState, size: TopSize, paint: Paint): string[] {
  const { columns, rows } = size;
  const { fleet } = view;
  const page = pageSize(size, view);
  const topics = shownTopics(fleet?.topics ?? [], state);
  const marked = Math.min(state.marked, Math.max(0, topics.length - 1));
  const first = Math.max(0, Math.min(marked - Math.floor(page / 2), topics.length - page));
  const lines = [
    ...headLines(view, columns, paint),
    ...hostLines(fleet?.hosts ?? [], columns),
    "",
    paint("bold", cutTo(`  ${columnNames(state)}`, columns)),
  ];
  const body = topics
    .slice(first, first + page)
    .map((topic, at) => `${first + at === marked ? "›" : " "} ${topicLine(topic, columns - 2, paint)}`);
  const nothing = fleet === null ? "" : state.filter === "" ? "no topics" : "no topic has such a name";
  const rest = body.length === 0 ? [cutTo(`  ${nothing}`, columns)] : body;
  const filled = [...lines, ...rest];
  while (filled.length < rows - 2) filled.push("");
  const reason = topics[marked]?.reason ?? null;
  return [
    ...filled.slice(0, Math.max(0, rows - 2)),
    reason === null ? "" : paint("yellow", cutTo(`${topics[marked]?.topic}: ${reason}`, columns)),
    paint("dim", cutTo(keysText(state, topics.length, marked), columns)),
  ].slice(-rows);
}

/** The same for a file or a pipe: everything, once. */
export function snapshot(view: TopView, state: TopState, columns: number, paint: Paint): string {
  const { fleet } = view;
  const topics = shownTopics(fleet?.topics ?? [], state);
  const lines = [
    ...headLines(view, columns, paint),
    ...(fleet?.hosts ?? []).map((host) => hostLine(host, columns)),
    "",
    paint("bold", cutTo(columnNames(state), columns)),
    ...topics.map((topic) => topicLine(topic, columns, paint)),
  ];
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}

function headLines({ fleet, trouble, at }: TopView, columns: number, paint: Paint): string[] {
  const troubles = [trouble, fleet?.problem ?? null].filter((text) => text !== null);
  const hosts =
    fleet === null ? "" : ` · group ${fleet.group} · ${counted(fleet.hosts.length, "host")} · ${at}`;
  const told = troubles.length === 0 ? "" : ` · ${troubles.join("; ")}`;
  const head = cutTo(`penstock top${hosts}${told}`, columns);
  const first = paint(troubles.length === 0 ? "bold" : "yellow", head);
  if (fleet === null) return [first, ""];
  const { totals, topics } = fleet;
  const states = Map.groupBy(topics, (topic) => seenAs(topic) ?? "nowhere");
  const sums = [
    `${rateText(totals.rate)}/s`,
    `lag ${numberText(totals.lag)}`,
    `indexed ${countText(totals.counts.indexed)}`,
    `dead letters ${countText(totals.counts.deadLettered)}`,
    ...[...states].map(([state, some]) => `${some.length} ${state}`),
  ];
  return [first, cutTo(sums.join("  "), columns)];
}

function hostLines(hosts: readonly FleetHost[], columns: number): string[] {
  const shown = hosts.length > MOST_HOSTS ? hosts.slice(0, MOST_HOSTS - 1) : hosts;
  const rest = hosts.length - shown.length;
  return [
    ...shown.map((host) => hostLine(host, columns)),
    ...(rest > 0 ? [cutTo(`  and ${counted(rest, "more host")}`, columns)] : []),
  ];
}

function hostLine(
  { name, version, status, reason, partitions, rate, lag }: FleetHost,
  columns: number,
): string {
  const words = [
    fitted(name, Math.min(24, Math.max(8, columns - 58))),
    fitted(status, 9),
    fitted(version ?? "–", 7),
    fitted(counted(partitions, "partition"), 15, "right"),
    fitted(`${rateText(rate)}/s`, 9, "right"),
    fitted(`lag ${numberText(lag)}`, 13, "right"),
    ...(reason === null ? [] : [reason]),
  ];
  return cutTo(words.join(" "), columns);
}

const STATE_WIDTH = 8;
const FIGURES = [
  ["rate", "RATE/S", 8],
  ["lag", "LAG", 11],
  ["indexed", "INDEXED", 12],
  ["dead", "DEAD", 8],
] as const;

function columnNames({ sort, reversed }: TopState): string {
  const mark = reversed ? "▴" : "▾";
  const named = (name: string, of: string): string => (sort === of ? `${name}${mark}` : name);
  return [
    fitted(named("STATE", "state"), STATE_WIDTH + 1),
    ...FIGURES.map(([of, name, width]) => fitted(named(name, of), width, "right")),
    named(" TOPIC", "topic"),
  ].join(" ");
}

function topicLine(one: FleetTopic, columns: number, paint: Paint): string {
  const { topic, rate, lag, counts } = one;
  const state = seenAs(one);
  const colour = state === null ? "dim" : COLOURS[state];
  const word = fitted(state ?? "nowhere", STATE_WIDTH + 1);
  const figures = [
    rateText(rate),
    numberText(lag),
    numberText(counts?.indexed ?? null),
    numberText(counts?.deadLettered ?? null),
  ];
  const rest = [
    ...FIGURES.map(([, , width], at) => fitted(figures[at] ?? "", width, "right")),
    ` ${topic}`,
  ].join(" ");
  return `${colour === null ? word : paint(colour, word)} ${cutTo(rest, columns - STATE_WIDTH - 2)}`;
}

function keysText({ sort, filter, typing }: TopState, count: number, marked: number): string {
  if (typing) return `filter: ${filter}_  (Enter: done, Esc: all)`;
  const place = count === 0 ? "" : `${marked + 1} of ${countText(count)}, by ${sort}`;
  return [place, filter === "" ? "" : `filter: ${filter} (Esc: all)`, KEYS]
    .filter((text) => text !== "")
    .join("  ");
}

function numberText(count: number | null): string {
  return count === null ? "–" : countText(count);
}

function rateText(rate: number | null): string {
  return rate === null ? "–" : countText(rate < 10 ? Math.round(rate * 10) / 10 : Math.round(rate));
}
