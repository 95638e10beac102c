import type { Context, Hono } from "hono";
import { exportLogs, tooLarge } from "../../../../functions/export-logs.ts";
import { readLogDocument } from "../../../../functions/read-log-document.ts";
import { searchLogs, type SearchLogsDeps } from "../../../../functions/search-logs.ts";
import type { Search } from "../../../../lib/adapters/elasticsearch/search.ts";
import type { Specification } from "../../../../lib/rules/model/declaration.ts";
import { PenstockError } from "../../../../lib/rules/base/errors.ts";
import {
  assertKnown,
  documentParameters,
  exportParameters,
  oneOf,
  type Parameters,
  parseLogFilter,
  parseLogRequest,
  parseQueryText,
  parseTopics,
  single,
  tailParameters,
} from "../../../../lib/rules/search/query/log-request.ts";
import { maxTails, maxTailTopics, type TailHub } from "../../services/tail-hub.ts";
import { goneSignal } from "../kit/event-stream.ts";
import {
  answerJson,
  answerOrProblem,
  documentPieces,
  jsonHeaders,
  refuseUnknown,
  searchJson,
} from "./log-answers.ts";
import { answerHeld } from "../kit/held-answer.ts";
import { answerExport } from "./log-export.ts";
import { createPlaces, inPlace, streamInPlace } from "../kit/semaphore.ts";
import { problem, quoted, refuseBusy } from "../kit/problem.ts";
import { addRoute } from "../kit/routes.ts";

/** What the logs are read with. */
export interface LogRouteDeps {
  /** The topics that are declared or still run here, by name. */
  inForce(): ReadonlyMap<string, Specification>;
  /** True: Penstock keeps the index template. */
  managed(): boolean;
  /** As `searchText` of the Elasticsearch adapter. */
  searchText(search: Search, signal: AbortSignal): Promise<string | null>;
  /** Random, at least 128 bits. */
  newMarker(): string;
  readonly tails: Pick<TailHub, "follow">;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** Elasticsearch is told to answer within 10 s, and given the time to do so. */
const SEARCH_DEADLINE_MS = 12_000;
/** Searches at once, exports among them, which may take half of the places. */
const SEARCHES = 4;
const EXPORTS = 2;
/** Documents over this many characters, one at a time, each until it was read: it may take 32 MiB. */
const LARGE = 1024 * 1024;
const LARGE_DOCUMENTS = 1;

/** GET /logs searches, /logs/document shows one whole, /logs/export is a file, /logs/tail goes on. */
export function addLogRoutes(app: Hono, deps: LogRouteDeps): void {
  const searches = createPlaces(SEARCHES);
  const exports = createPlaces(EXPORTS);
  const largeDocuments = createPlaces(LARGE_DOCUMENTS);
  const tails = createPlaces(maxTails);

  addLogRoute("/logs", async (c) => {
    const request = parseLogRequest(c.req.queries(), deps.now());
    const inForce = deps.inForce();
    const refusal = refuseUnknown(c, request.topics, inForce);
    if (refusal !== null) return refusal;
    const input = { ...request, inForce, managed: deps.managed() };
    return inPlace(c, searches, "searches", async () =>
      answerJson(
        c,
        searchJson(await searchLogs(input, { search: searchWith(goneSignal(c)), marker: deps.newMarker() })),
      ),
    );
  });

  addLogRoute("/logs/document", async (c) => {
    const parameters = c.req.queries();
    assertKnown(parameters, documentParameters);
    const [topic, id] = [required(parameters, "topic"), required(parameters, "id")];
    const inForce = deps.inForce();
    const spec = inForce.get(topic);
    if (spec === undefined) return refuseUnknown(c, [topic], inForce) ?? c.notFound();
    return inPlace(c, searches, "searches", async () => {
      const found = await readLogDocument({ spec, id }, { search: searchWith(goneSignal(c)) });
      if (found.kind === "missing") {
        return problem(c, 404, `Topic ${quoted(topic)} has no document ${quoted(id)}.`);
      }
      const { index } = found;
      if (found.kind !== "document") {
        return problem(c, 413, `The document is ${tooLarge(index, id)}`, { members: { index, id } });
      }
      const pieces = () => documentPieces(id, found);
      if (found.raw.length <= LARGE) return answerJson(c, [...pieces()].join(""));
      const leave = largeDocuments.take(c.get("access"));
      return leave === null
        ? refuseBusy(c, "large documents")
        : answerHeld(c, { headers: jsonHeaders, pieces, leave });
    });
  });

  addLogRoute("/logs/export", async (c) => {
    const parameters = c.req.queries();
    assertKnown(parameters, exportParameters);
    const format = oneOf(parameters, "format", ["ndjson", "csv"]);
    const filter = parseLogFilter(parameters, deps.now());
    const inForce = deps.inForce();
    const refusal = refuseUnknown(c, filter.topics, inForce);
    if (refusal !== null) return refusal;
    const leaves = [exports, searches].map((places) => places.take(c.get("access")));
    const leave = (): void => leaves.forEach((each) => each?.());
    if (leaves.includes(null)) {
      leave();
      return refuseBusy(c, "exports and searches");
    }
    const input = { ...filter, inForce, managed: deps.managed(), format };
    const pieces = (signal: AbortSignal) => exportLogs(input, { search: searchWith(signal) });
    return answerExport(c, { filter, format, pieces, leave });
  });

  addLogRoute("/logs/tail", async (c) => {
    const parameters = c.req.queries();
    assertKnown(parameters, tailParameters);
    const topics = parseTopics(parameters);
    if (topics.length === 0 || topics.length > maxTailTopics) {
      const rule = `topic is given ${topics.length} times: it must be given at least once, and at most ${maxTailTopics} times`;
      throw new PenstockError("usage", rule);
    }
    const query = parseQueryText(parameters);
    const refusal = refuseUnknown(c, topics, deps.inForce());
    if (refusal !== null) return refusal;
    return streamInPlace(c, tails, "live tails", (send, signal) =>
      deps.tails.follow({ topics, query }, send, signal),
    );
  });

  function addLogRoute(path: string, work: (c: Context) => Promise<Response>): void {
    addRoute(app, path, { GET: (c) => answerOrProblem(c, () => work(c)) });
  }

  function searchWith(signal: AbortSignal): SearchLogsDeps["search"] {
    return (indices, body, maxBytes) =>
      deps.searchText({ indices, body, maxBytes, timeoutMs: SEARCH_DEADLINE_MS }, signal);
  }
}

/** @throws PenstockError `usage` */
function required(parameters: Parameters, name: string): string {
  const value = single(parameters, name) ?? "";
  if (value === "") throw new PenstockError("usage", `${name} is missing`);
  return value;
}
