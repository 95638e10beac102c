import type { HttpDeps } from "../../infra/host/http/app.ts";
import { serveHttp } from "../../infra/host/http/server.ts";
import { createHistory } from "../../infra/host/live/history.ts";
import { createLiveHub } from "../../infra/host/live/live-hub.ts";
import type { TopicStatus } from "../../lib/rules/progress/status.ts";
import { sampleOf } from "./topic-status.ts";
import { ready, setUp } from "../infra/host/http/fixture.ts";

/** The host's HTTP side over made-up topics, for what no Kafka of a test can show: a thousand topics that move. */
export interface ConsoleHost extends AsyncDisposable {
  readonly url: string;
}

/**
 * @param port where it answers; 0: any that is free
 * @param others what else it can answer
 */
export function startConsoleHost(
  topics: () => TopicStatus[],
  port = 0,
  others: Partial<HttpDeps> = {},
): ConsoleHost {
  const history = createHistory();
  const live = createLiveHub({
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
      statuses: topics(),
      health: ready,
      inFlight: { bytes: 0, maxBytes: 256 * 1024 ** 2 },
      sources: [],
      reconciled: null,
      history,
    }),
  });
  // Everything else of this app refuses to answer: a page that asks for more than it should shows an error.
  const { app } = setUp({}, { topics, live, ...others });
  const server = serveHttp({ hostname: "127.0.0.1", port, app });
  return {
    url: server.url,
    async [Symbol.asyncDispose]() {
      live.stop();
      await server.stop(0);
    },
  };
}
