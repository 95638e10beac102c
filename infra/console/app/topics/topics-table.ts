import { type SeenState, worstFirst } from "../../../../lib/rules/progress/status.ts";
import type { ChangesMessage, TopicRow, TopicsMessage } from "../../../api/live-messages.ts";
import { pageNumber } from "../text/page-of.ts";

/** The current table of topics. Immutable, so that unchanged rows are not rendered again. */
export interface TopicsTable {
  readonly at: number;
  readonly rows: ReadonlyMap<string, TopicRow>;
  /** The last rates, oldest first. */
  readonly sparks: ReadonlyMap<string, readonly number[]>;
}

const SPARK_POINTS = 24;

export function tableOf({ at, rows, sparks }: TopicsMessage): TopicsTable {
  return { at, rows: new Map(rows.map((row) => [row.topic, row])), sparks: new Map(sparks) };
}

export function withChanges(table: TopicsTable, changes: ChangesMessage): TopicsTable {
  const rows = new Map(table.rows);
  for (const [topic, members] of changes.rows) {
    // A new topic comes with all members.
    // eslint-disable-next-line typescript/no-unsafe-type-assertion -- see above
    rows.set(topic, { ...(rows.get(topic) as TopicRow), ...members });
  }
  for (const topic of changes.gone) rows.delete(topic);
  return { at: changes.at, rows, sparks: changes.stepped ? nextSparks(table.sparks, rows) : table.sparks };
}

function nextSparks(
  before: TopicsTable["sparks"],
  rows: ReadonlyMap<string, TopicRow>,
): Map<string, readonly number[]> {
  const sparks = new Map<string, readonly number[]>();
  for (const [topic, { rate }] of rows) {
    const known = before.get(topic);
    if (known === undefined && rate === 0) continue;
    const points = [...(known ?? [0]), rate].slice(-SPARK_POINTS);
    if (points.some((point) => point > 0)) sparks.set(topic, points);
  }
  return sparks;
}

/** Filter, sort order and page of the table, from the address. */
export interface TopicsQuery {
  /** Part of the name of a topic, index or source; ignores case. */
  readonly text: string;
  /** Empty for all. */
  readonly states: ReadonlySet<SeenState>;
  /** A column, prefixed with `-` for descending order; "" puts problems first. */
  readonly sort: string;
  /** From 1. */
  readonly page: number;
}

export function parseTopicsQuery(query: URLSearchParams): TopicsQuery {
  const wanted = (query.get("state") ?? "").split(",");
  return {
    text: query.get("q") ?? "",
    states: new Set(worstFirst.filter((state) => wanted.includes(state))),
    sort: query.get("sort") ?? "",
    page: pageNumber(query.get("page")),
  };
}

/** Sortable columns and the value of a row they compare. */
const sortable: ReadonlyMap<string, (row: TopicRow) => number | string> = new Map(
  Object.entries({
    state: urgencyOf,
    topic: ({ topic }) => topic,
    source: ({ source }) => (source === null ? "" : `${source.kind} ${source.name}`),
    index: ({ index }) => index,
    lag: ({ lag }) => lag ?? -1,
    rate: ({ rate }) => rate,
    indexed: ({ indexed }) => indexed,
    duplicate: ({ duplicate }) => duplicate,
    deadLettered: ({ deadLettered }) => deadLettered,
    skipped: ({ skipped }) => skipped,
  } satisfies Record<string, (row: TopicRow) => number | string>),
);

function urgencyOf({ state }: TopicRow): number {
  return worstFirst.indexOf(state);
}

/** The selected topics in order. Ties are sorted by name, so that the order is stable. */
export function orderOf(rows: ReadonlyMap<string, TopicRow>, query: TopicsQuery): string[] {
  const text = query.text.trim().toLowerCase();
  const wanted = [...rows.values()].filter(
    (row) =>
      (query.states.size === 0 || query.states.has(row.state)) &&
      (text === "" || `${row.topic}\n${row.index}\n${row.source?.name ?? ""}`.toLowerCase().includes(text)),
  );
  const descending = query.sort.startsWith("-");
  const valueOf = sortable.get(query.sort.replace(/^-/, ""));
  const compare = (a: TopicRow, b: TopicRow): number => {
    if (valueOf === undefined) return urgencyOf(a) - urgencyOf(b) || (b.lag ?? 0) - (a.lag ?? 0);
    return ascending(valueOf(a), valueOf(b)) * (descending ? -1 : 1);
  };
  return wanted.sort((a, b) => compare(a, b) || ascending(a.topic, b.topic)).map(({ topic }) => topic);
}

function ascending(a: number | string, b: number | string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Whether topics on the page stand where the order asked for would not have them. With problems first, lag alone does not
 * count: it changes with every second.
 */
export function isOutOfOrder(
  shown: readonly string[],
  wanted: readonly string[],
  rows: ReadonlyMap<string, TopicRow>,
  { sort }: Pick<TopicsQuery, "sort">,
): boolean {
  if (sort !== "") return shown.some((topic, at) => topic !== wanted[at]);
  const urgencies = shown.flatMap((topic) => {
    const row = rows.get(topic);
    return row === undefined ? [] : [urgencyOf(row)];
  });
  return urgencies.some((one, at) => one < (urgencies[at - 1] ?? 0));
}

/** Keeps the order on the page, so that rows do not move by themselves: removes missing rows, appends new ones. */
export function keptOrder(shown: readonly string[], wanted: readonly string[]): string[] {
  const present = new Set(wanted);
  const known = new Set(shown);
  return [...shown.filter((topic) => present.has(topic)), ...wanted.filter((topic) => !known.has(topic))];
}
