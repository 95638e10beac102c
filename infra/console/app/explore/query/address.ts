import { defaultRange, frozenRange, type TimeRange } from "./time-range.ts";

/** The identity of a document. */
export interface DocumentRef {
  readonly topic: string;
  readonly id: string;
}

/** The state of the page in its address: `?topic&q&from&to&doc&in`. */
export interface ExploreState extends TimeRange {
  /** Without duplicates; empty for all. */
  readonly topics: readonly string[];
  readonly query: string;
  /** The open document, or null. */
  readonly doc: DocumentRef | null;
  /** Whether to show what lies in failure stores, instead of the logs. */
  readonly refused: boolean;
}

export function parseExplore(query: URLSearchParams): ExploreState {
  return {
    topics: [...new Set(query.getAll("topic").filter((topic) => topic !== ""))],
    query: query.get("q") ?? "",
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
  const rest = { q: state.query ?? "", from: state.from ?? "", to: state.to ?? "" };
  const usual: Readonly<Record<string, string>> = { q: "", ...defaultRange };
  for (const [name, value] of Object.entries(rest)) {
    if (value !== "" && value !== usual[name]) parameters.set(name, value);
  }
  return parameters;
}

/** The request to the host. `after` selects the next page. */
export function searchPath(
  state: Pick<ExploreState, "topics" | "query" | "from" | "to">,
  { histogram = false, after = null }: { readonly histogram?: boolean; readonly after?: string | null } = {},
): string {
  const parameters = filterParameters(state);
  if (histogram) parameters.set("histogram", "true");
  if (after !== null) parameters.set("after", after);
  return `/logs?${parameters.toString()}`;
}

/** The request for what lies in failure stores. */
export function refusedPath(
  state: Pick<ExploreState, "topics" | "query" | "from" | "to">,
  size: number,
): string {
  const parameters = filterParameters(state);
  parameters.set("size", String(size));
  return `/logs/failures?${parameters.toString()}`;
}

export function exportPath(state: Partial<ExploreState>, format: "ndjson" | "csv"): string {
  const parameters = filterParameters(state);
  parameters.set("format", format);
  return `/logs/export?${parameters.toString()}`;
}

export function documentPath({ topic, id }: DocumentRef): string {
  return `/logs/document?${new URLSearchParams({ topic, id }).toString()}`;
}

export function tailPath({ topics, query }: Pick<ExploreState, "topics" | "query">): string {
  return `/logs/tail?${filterParameters({ topics, query }).toString()}`;
}

/** The latest records of a topic. */
export function latestPath(topic: string): string {
  return `/logs?${new URLSearchParams({ topic, from: "now-24h", size: "20" }).toString()}`;
}
