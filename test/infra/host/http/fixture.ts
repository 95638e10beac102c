import { createConsoleFiles } from "../../../../infra/console/build.ts";
import { createHttpApp, type HttpDeps } from "../../../../infra/host/http/app.ts";
import { createTailHub, type TailHub } from "../../../../infra/host/services/tail-hub.ts";
import type { LogFields, Logger } from "../../../../lib/rules/base/logger.ts";
import type { HttpSettings } from "../../../../lib/rules/model/settings.ts";
import { createMemoryLogger } from "../../../support/memory-logger.ts";
import { httpSettings, type PlainHttpSettings } from "../../../support/settings.ts";
import { reconcileResult } from "../../../support/reconcile-result.ts";
import { searchAnswer } from "../../../support/search-answer.ts";
import { listedTopic } from "../../../support/topic-status.ts";

export const token = "correct-horse-battery-staple";
export const fine = { ok: true, reason: null, since: "2026-11-22T12:00:00.000Z" };
export const ready = {
  status: "ready",
  checks: {
    config: fine,
    kafka: fine,
    elasticsearch: fine,
    progress: { ...fine, partitions: [], topics: [] },
  },
} as const;

/** Built once for all tests of this process. */
const consoleFiles = createConsoleFiles();

/** An app over fixed answers; `ask` sends a request to it without a port. What it logs and is asked is kept. */
/** Pages that are told nothing. */
export const idleLive: HttpDeps["live"] = {
  subscribe: () => () => {},
  summary: () => ({
    name: "machine",
    version: "0.0.0",
    startedAt: 0,
    verdict: { kind: "ok", count: 0, refused: 0 },
  }),
};

export function setUp(settings: PlainHttpSettings = {}, deps: Partial<HttpDeps> = {}) {
  const logged: { message: string; fields: LogFields | undefined }[] = [];
  const write = (message: string, fields?: LogFields) => void logged.push({ message, fields });
  const logger: Logger = { debug: write, info: write, warn: write, error: write };
  const reconciles: unknown[] = [];
  const inForce: { http: HttpSettings; now: number } = {
    http: httpSettings(settings),
    now: 0,
  };
  const app = createHttpApp({
    settings: () => inForce.http,
    topics: async () => [listedTopic()],
    hold: () => Promise.reject(new Error("nothing here is held")),
    health: () => ready,
    rebuild: async ({ action }) => ({ message: `${action} done`, status: null }),
    metricsText: async () => "penstock_in_flight_bytes 0\n",
    async reconcile(wanted) {
      reconciles.push(wanted);
      return reconcileResult({ carriedOut: !wanted.dryRun });
    },
    declarations: {
      list: () => Promise.reject(new Error("no test asked for declarations")),
      edit: () => Promise.reject(new Error("no test asked for an edit")),
    },
    explain: () => Promise.reject(new Error("no test asked for an explanation")),
    retry: async (topic) => topic === "app",
    rewind: () => Promise.reject(new Error("no test asked for a rewind")),
    trials: { tryOut: () => Promise.reject(new Error("no test asked for a trial")) },
    replays: {
      start: () => {
        throw new Error("no test asked for a replay");
      },
      get: () => null,
    },
    logs: {
      inForce: () => new Map(),
      managed: () => true,
      rebuilt: () => null,
      searchText: () => Promise.resolve(searchAnswer([])),
      fieldCaps: () => Promise.reject(new Error("no test asked for fields")),
      surveyFailureStores: async () => ({ streams: [], problems: [] }),
      newMarker: () => "marker",
      tails: idleTails(),
      fleetTails: idleTails(),
    },
    kafka: {
      isOurs: (topic) => topic === "app",
      explain: () => Promise.reject(new Error("no test asked for an explanation")),
      topics: () => Promise.reject(new Error("no test asked for Kafka's topics")),
      records: () => Promise.reject(new Error("no test asked for records")),
    },
    digest: () => Promise.reject(new Error("no test asked for a digest")),
    mendings: {
      propose: () => Promise.reject(new Error("no test asked for proposals")),
      tryOut: () => Promise.reject(new Error("no test asked for a trial of proposals")),
      apply: () => {
        throw new Error("no test asked for a change");
      },
    },
    letters: {
      list: () => Promise.reject(new Error("no test asked for letters")),
      read: () => Promise.reject(new Error("no test asked for a letter")),
    },
    fleet: {
      look: () => Promise.reject(new Error("no test asked for the fleet")),
      report: () => "{}",
    },
    peers: { recognize: async () => null },
    live: idleLive,
    history: {
      // Nothing was before: every page with charts asks.
      events: async () => [],
      series: async () => ({
        from: 0,
        stepMs: 60_000,
        lag: [],
        indexed: [],
        duplicate: [],
        deadLettered: [],
        skipped: [],
      }),
      problem: null,
    },
    consoleFiles,
    ingest: () => Promise.reject(new Error("no test sent an event")),
    ingestRefusal: () => null,
    logger,
    failures: logger,
    now: () => inForce.now,
    ...deps,
  });
  const ask = async (
    path: string,
    init: Omit<RequestInit, "headers"> & { headers?: Record<string, string> } = {},
  ) => app.request(path, { ...init, headers: { host: "127.0.0.1:8080", ...init.headers } });
  return { app, ask, logged, reconciles, inForce, consoleFiles };
}

export const bearer = (value: string) => ({ authorization: `Bearer ${value}` });

/** The problem an answer holds, after checking that it is one. */
export async function problemOf(response: Response): Promise<Record<string, unknown>> {
  if (response.headers.get("content-type") !== "application/problem+json") {
    throw new Error(`${response.status} is no problem: ${await response.text()}`);
  }
  const body: unknown = await response.json();
  if (typeof body !== "object" || body === null) throw new Error("the problem is no object");
  return { ...body };
}

/** Live tails of a host that moves nothing. */
export function idleTails(): TailHub {
  return createTailHub({
    now: () => 0,
    partitions: () => [],
    monotonicMs: () => 0,
    later: (act) => act(),
    failures: createMemoryLogger(),
  });
}
