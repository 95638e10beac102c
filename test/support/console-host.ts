import type { HttpDeps } from "../../infra/host/http/app.ts";
import { serveHttp } from "../../infra/host/http/server.ts";
import { createHistory } from "../../infra/host/live/history.ts";
import { createLiveHub } from "../../infra/host/live/live-hub.ts";
import type { ListedTopic } from "../../lib/rules/progress/holdings.ts";
import type { TopicStatus } from "../../lib/rules/progress/status.ts";
import { listedTopic, sampleOf } from "./topic-status.ts";
import { ready, setUp } from "../infra/host/http/fixture.ts";

/** The host's HTTP server over invented topics, to show what no test Kafka can: a thousand moving topics. */
export interface ConsoleHost extends AsyncDisposable {
  readonly url: string;
}

/**
 * @param port to listen on; 0 for any free one
 * @param others further routes it can answer
 */
export function startConsoleHost(
  topics: () => (TopicStatus & Partial<ListedTopic>)[],
  port = 0,
  others: Partial<HttpDeps> = {},
): ConsoleHost {
  const history = createHistory();
  const live = createLiveHub({
    about: { name: "machine-1", version: "1.2.3" },
    history,
    figures: () => topics().map(sampleOf),
    now: () => Date.now(),
    monotonicMs: () => performance.now(),
    failures: {
      error(message, { error }) {
        throw new Error(`${message}: ${String(error)}`);
      },
    },
    look: () => ({
      at: Date.now(),
      startedAt: Date.now(),
      deadLetteredAt: null,
      massStop: null,
      statuses: topics(),
      health: ready,
      inFlight: { bytes: 0, maxBytes: 256 * 1024 ** 2 },
      sources: [],
      reconciled: null,
      history,
      owners: (topic) => {
        const { partitions = [] } = topics().find((one) => one.topic === topic) ?? {};
        return partitions.map(({ owned }) => (owned ? { name: "this-host", address: null } : null));
      },
      listed: (some) => some.map((status) => listedTopic(status)),
    }),
  });
  // All other routes refuse to answer, so a page that asks for too much shows an error.
  const listed = async () => topics().map(listedTopic);
  const { app } = setUp({}, { topics: listed, live, ...others });
  const server = serveHttp({ hostname: "127.0.0.1", port, app });
  return {
    url: server.url,
    async [Symbol.asyncDispose]() {
      live.stop();
      await server.stop(0);
    },
  };
}
