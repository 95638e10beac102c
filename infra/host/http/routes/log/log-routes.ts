import type { Hono } from "hono";
import { exportLogs, tooLarge } from "../../../../../functions/export-logs.ts";
import { readLogDocument } from "../../../../../functions/read-log-document.ts";
import { searchFailures, type SearchFailuresDeps } from "../../../../../functions/search-failures.ts";
import { searchLogs, type SearchLogsDeps } from "../../../../../functions/search-logs.ts";
import type { Search } from "../../../../../lib/adapters/elasticsearch/search.ts";
import type { FailureStores } from "../../../../../lib/rules/dead-letters/failure-stores.ts";
import type { Specification } from "../../../../../lib/rules/model/declaration.ts";
import { hostStopping } from "../../../../../lib/rules/base/errors.ts";
import type { FieldCaps } from "../../../../../lib/rules/search/grammar/mapping.ts";
import { quoted } from "../../../../../lib/rules/base/visible-text.ts";
import { parseLogFilter, parseTailFilter } from "../../../../../lib/rules/search/query/log-request.ts";
import { logs } from "../../../../api/logs.ts";
import { maxTails, type TailHub } from "../../../services/tail-hub.ts";
import type { FleetTails } from "../../../fleet/fleet-tails.ts";
import { addressOf } from "../../auth/caller.ts";
import { goneSignal, type SendEvent } from "../../kit/event-stream.ts";
import { answerHeld } from "../../kit/held-answer.ts";
import { mount } from "../../kit/mount.ts";
import { answerJson, jsonHeaders, problem, refuseBusy } from "../../kit/problem.ts";
import { createHostPlaces, createPlaces, inPlace, streamInPlace } from "../../kit/semaphore.ts";
import { documentPieces, refuseUndeclared, refuseUnknown, searchJson } from "./log-answers.ts";
import { addFieldRoutes } from "./field-routes.ts";
import { exportHeaders } from "./log-export.ts";

/** What the routes read logs with. */
export interface LogRouteDeps {
  /** The topics that are declared or still running here, by name. */
  inForce(): ReadonlyMap<string, Specification>;
  /** Whether Penstock manages the index template. */
  managed(): boolean;
  /** The topics that are being rebuilt; null if that is unknown. */
  rebuilt(): ReadonlySet<string> | null;
  /** As `searchText` of the Elasticsearch adapter. */
  searchText(search: Search, signal: AbortSignal): Promise<string | null>;
  /** As `fieldCaps` of the Elasticsearch adapter. */
  fieldCaps(
    indices: readonly string[],
    fields: readonly string[],
    signal: AbortSignal,
  ): Promise<FieldCaps | null>;
  /** As `survey` of the failure stores. */
  readonly surveyFailureStores: FailureStores["survey"];
  /** Random, at least 128 bits. */
  newMarker(): string;
  /** Of this host. */
  readonly tails: Pick<TailHub, "follow">;
  /** Of all hosts of the group. */
  readonly fleetTails: FleetTails;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Whether hosts can prove who they are. */
  hasToken(): boolean;
}

/** Elasticsearch is asked to answer within 10 s; the rest is for the way. */
const SEARCH_DEADLINE_MS = 12_000;
/** Searches at once, including exports, which may take half of the places. */
const SEARCHES = 4;
const EXPORTS = 2;
/** Documents with more characters are answered one at a time, each until it is read: one may take 32 MiB. */
const LARGE = 1024 * 1024;
const LARGE_DOCUMENTS = 1;

/** Searches, shows one document whole, exports to a file, and follows what this host moves. */
export function addLogRoutes(app: Hono, deps: LogRouteDeps): void {
  const searches = createPlaces(SEARCHES);
  // Their own, because Explore counts what was refused after each search.
  const failureSearches = createPlaces(SEARCHES);
  const exports = createPlaces(EXPORTS);
  const largeDocuments = createPlaces(LARGE_DOCUMENTS);
  const tails = createPlaces(maxTails);
  // Other hosts take as many as their readers opened there.
  const hostTails = createHostPlaces(4 * maxTails, maxTails);
  // People may ask for one host's part, too, and do not take the places of hosts, nor hosts theirs.
  const partTails = createPlaces(maxTails);
  // Without a token, hosts cannot be told from people.
  const anyPartTails = createPlaces(4 * maxTails);
  const asked = async <T>(signal: AbortSignal, question: Promise<T>): Promise<T> => {
    try {
      return await question;
    } catch (error) {
      // A client that disconnected reads no answer, but the host may be stopping.
      throw signal.aborted ? hostStopping() : error;
    }
  };
  const searchWith = (signal: AbortSignal): Pick<SearchLogsDeps, "search" | "fieldCaps"> => ({
    search: async (indices, body, maxBytes) =>
      asked(signal, deps.searchText({ indices, body, maxBytes, timeoutMs: SEARCH_DEADLINE_MS }, signal)),
    fieldCaps: async (indices, fields) => asked(signal, deps.fieldCaps(indices, fields, signal)),
  });

  addFieldRoutes(app, { ...deps, searches, searchWith });

  mount(app, logs.routes.search, ({ query: { size, after = null, sort: order, histogram, ...words } }, c) => {
    const filter = parseLogFilter(words, deps.now());
    const known = { inForce: deps.inForce(), managed: deps.managed(), rebuilt: deps.rebuilt() };
    return inPlace(c, searches, "searches", async () => {
      const asking = { ...searchWith(goneSignal(c)), marker: deps.newMarker() };
      const refusal = await refuseUnknown(c, filter.topics, { ...known, ...asking });
      if (refusal !== null) return refusal;
      const input = { ...filter, ...known, size, after, order, histogram };
      return answerJson(c, searchJson(await searchLogs(input, asking)));
    });
  });

  mount(app, logs.routes.failures, ({ query: { size, ...words } }, c) => {
    const filter = parseLogFilter(words, deps.now());
    const inForce = deps.inForce();
    const refusal = refuseUndeclared(c, filter.topics, inForce);
    if (refusal !== null) return refusal;
    return inPlace(c, failureSearches, "searches in failure stores", async () => {
      const signal = goneSignal(c);
      const survey: SearchFailuresDeps["survey"] = async (targets) =>
        asked(signal, deps.surveyFailureStores(targets, signal));
      return c.json(await searchFailures({ ...filter, size, inForce }, { ...searchWith(signal), survey }));
    });
  });

  mount(app, logs.routes.document, ({ query: { topic, id } }, c) => {
    const known = { inForce: deps.inForce(), managed: deps.managed() };
    return inPlace(c, searches, "searches", async () => {
      const asking = searchWith(goneSignal(c));
      const refusal = await refuseUnknown(c, [topic], { ...known, ...asking });
      if (refusal !== null) return refusal;
      const found = await readLogDocument({ topic, id, ...known }, asking);
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

  mount(app, logs.routes.export, async ({ query: { format, column, ...words } }, c) => {
    const filter = parseLogFilter(words, deps.now());
    const known = { inForce: deps.inForce(), managed: deps.managed(), rebuilt: deps.rebuilt() };
    const leaves = [exports, searches].map((places) => places.take(c.get("access")));
    const leave = (): void => leaves.forEach((each) => each?.());
    if (leaves.includes(null)) {
      leave();
      return refuseBusy(c, "exports and searches");
    }
    try {
      const asking = searchWith(goneSignal(c));
      const refusal = await refuseUnknown(c, filter.topics, { ...known, ...asking });
      if (refusal !== null) {
        leave();
        return refusal;
      }
    } catch (thrown) {
      leave();
      throw thrown;
    }
    const input = { ...filter, ...known, format, columns: column };
    const pieces = (signal: AbortSignal) => exportLogs(input, searchWith(signal));
    return answerHeld(c, { headers: exportHeaders(filter, format), pieces, leave });
  });

  mount(app, logs.routes.tail, ({ query: words }, c) => {
    const { topics, query } = parseTailFilter(words);
    const refusal = refuseUndeclared(c, topics, deps.inForce());
    if (refusal !== null) return refusal;
    const asked = new URL(c.req.url).searchParams;
    return streamInPlace(c, tails, "live tails", (send, signal) =>
      deps.fleetTails.follow({ topics, query, words: asked }, send, signal),
    );
  });

  mount(app, logs.routes.hostTail, ({ query: words }, c) => {
    const { topics, query } = parseTailFilter(words);
    const refusal = refuseUndeclared(c, topics, deps.inForce());
    if (refusal !== null) return refusal;
    const peer = c.get("peer");
    const [places, what] =
      peer === undefined
        ? [deps.hasToken() ? partTails : anyPartTails, "live tails of one host"]
        : [hostTails(addressOf(c)), "live tails of other hosts"];
    return streamInPlace(c, places, what, (send, signal) => {
      let number = 0;
      const prove: SendEvent = (event, data) => {
        const body = JSON.stringify({ number, event, data });
        if (!send("proved", { body, proof: peer?.prove(body) ?? "" })) return false;
        number += 1;
        return true;
      };
      return deps.tails.follow({ topics, query }, prove, signal);
    });
  });
}
