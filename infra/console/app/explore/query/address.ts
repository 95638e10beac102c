import { parseRecordId } from "../../../../../lib/rules/documents/document-id.ts";
import type { SearchCursor } from "../../../../../lib/rules/search/query/cursor.ts";
import { defaultRange, frozenRange, type TimeRange } from "./time-range.ts";

/** The identity of a document. */
export interface DocumentRef {
  readonly topic: string;
  readonly id: string;
}

/** The state of the page in its address: `?topic&q&filter&from&to&sort&cols&doc&in`. */
export interface ExploreState extends TimeRange {
  /** Without duplicates; empty for all. */
  readonly topics: readonly string[];
  readonly query: string;
  /** Searches that must match too, shown as pills. */
  readonly filters: readonly string[];
  /** Whether the oldest lines come first. */
  readonly oldestFirst: boolean;
  /** Fields shown as columns. */
  readonly columns: readonly string[];
  /** The open document, or null. */
  readonly doc: DocumentRef | null;
  /** Whether to show what lies in failure stores, instead of the logs. */
  readonly refused: boolean;
}

export function parseExplore(query: URLSearchParams): ExploreState {
  const given = (name: string): string[] => [...new Set(query.getAll(name).filter((value) => value !== ""))];
  return {
    topics: given("topic"),
    query: query.get("q") ?? "",
    filters: given("filter"),
    oldestFirst: query.get("sort") === "oldest",
    columns: given("cols"),
    from: query.get("from") ?? defaultRange.from,
    to: query.get("to") ?? defaultRange.to,
    doc: documentOf(query.get("doc") ?? ""),
    refused: query.get("in") === "failure-stores",
  };
}

/** A topic's name contains no comma; an id may. */
function documentOf(text: string): DocumentRef | null {
  const comma = text.indexOf(",");
  return comma < 1 || comma === text.length - 1
    ? null
    : { topic: text.slice(0, comma), id: text.slice(comma + 1) };
}

/** The page's address, without default values. */
export function exploreHref(state: Partial<ExploreState>): string {
  const parameters = filterParameters(state);
  if (state.oldestFirst === true) parameters.set("sort", "oldest");
  for (const column of state.columns ?? []) parameters.append("cols", column);
  if (state.doc) parameters.set("doc", `${state.doc.topic},${state.doc.id}`);
  if (state.refused === true) parameters.set("in", "failure-stores");
  const text = parameters.toString();
  return text === "" ? "/ui/explore" : `/ui/explore?${text}`;
}

/** Like {@link exploreHref}, but with absolute times, for sharing. */
export function frozenHref(state: Partial<ExploreState>, nowMs: number): string {
  return exploreHref({ ...state, ...frozenRange({ ...defaultRange, ...rangeOf(state) }, nowMs) });
}

function rangeOf({ from, to }: Partial<ExploreState>): Partial<TimeRange> {
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
}

function filterParameters(state: Partial<ExploreState>): URLSearchParams {
  const parameters = new URLSearchParams();
  for (const topic of state.topics ?? []) parameters.append("topic", topic);
  for (const filter of state.filters ?? []) parameters.append("filter", filter);
  const rest = { q: state.query ?? "", from: state.from ?? "", to: state.to ?? "" };
  const usual: Readonly<Record<string, string>> = { q: "", ...defaultRange };
  for (const [name, value] of Object.entries(rest)) {
    if (value !== "" && value !== usual[name]) parameters.set(name, value);
  }
  return parameters;
}

/** What is searched for, in which time. */
export type SearchState = Pick<ExploreState, "topics" | "query" | "filters" | "from" | "to">;

/** The request to the host. `after` selects the next page. */
export function searchPath(
  state: SearchState & Pick<ExploreState, "oldestFirst">,
  { histogram = false, after = null }: { readonly histogram?: boolean; readonly after?: string | null } = {},
): string {
  const parameters = filterParameters(state);
  if (state.oldestFirst) parameters.set("sort", "oldest");
  if (histogram) parameters.set("histogram", "true");
  if (after !== null) parameters.set("after", after);
  return `/logs?${parameters.toString()}`;
}

/** The request for what lies in failure stores. */
export function refusedPath(state: Omit<SearchState, "filters">, size: number): string {
  const { topics, query, from, to } = state;
  const parameters = filterParameters({ topics, query, from, to });
  parameters.set("size", String(size));
  return `/logs/failures?${parameters.toString()}`;
}

export function exportPath(state: Partial<ExploreState>, format: "ndjson" | "csv"): string {
  const parameters = filterParameters(state);
  parameters.set("format", format);
  if (format === "csv") for (const column of state.columns ?? []) parameters.append("column", column);
  return `/logs/export?${parameters.toString()}`;
}

export function documentPath({ topic, id }: DocumentRef): string {
  return `/logs/document?${new URLSearchParams({ topic, id }).toString()}`;
}

export function tailPath({
  topics,
  query,
  filters,
}: Pick<ExploreState, "topics" | "query" | "filters">): string {
  return `/logs/tail?${filterParameters({ topics, query, filters }).toString()}`;
}

/** The fields of what is found, and their values. */
export function fieldsPath(state: SearchState): string {
  return `/logs/fields?${filterParameters(state).toString()}`;
}

/** Lines before a line, or after and with it, of all kinds. @param at its time @param lines how many beside it */
export function aroundPath(doc: DocumentRef, at: string, side: "before" | "after", lines: number): string {
  const range = side === "before" ? { from: "1970-01-01", to: at } : { from: at, to: "now" };
  const after = placeOf(doc, at);
  return `/logs?${new URLSearchParams({
    topic: doc.topic,
    ...range,
    sort: side === "before" ? "newest" : "oldest",
    size: String(side === "before" && after !== null ? lines : lines + 1),
    ...(after !== null && { after }),
  }).toString()}`;
}

/**
 * The `after` of a page that ends or begins at a document, as one moment may have more lines than a page. Null if its id does
 * not tell its place: then lines of its moment are on both sides.
 */
function placeOf({ id }: DocumentRef, at: string): string | null {
  const record = parseRecordId(id);
  const atMs = Date.parse(at);
  if (record === null || Number.isNaN(atMs)) return null;
  // No index has a smaller name.
  const cursor = [atMs, record.partition, record.offset, "!", -1] satisfies SearchCursor;
  return btoa(JSON.stringify(cursor)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The latest records of a topic. */
export function latestPath(topic: string): string {
  return `/logs?${new URLSearchParams({ topic, from: "now-24h", size: "20" }).toString()}`;
}
