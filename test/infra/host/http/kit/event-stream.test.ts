import { afterEach, describe, expect, jest, test } from "bun:test";
import { connect } from "node:net";
import { Hono } from "hono";
import {
  eventStream,
  outboxBytes,
  type SendEvent,
  untilAborted,
} from "../../../../../infra/host/http/kit/event-stream.ts";
import { serveHttp, type HttpServer } from "../../../../../infra/host/http/server.ts";
import { eventually } from "../../../../support/eventually.ts";
import { createMemoryLogger } from "../../../../support/memory-logger.ts";

const opened: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((server) => server.stop()));
});

type Run = (send: SendEvent, signal: AbortSignal) => Promise<void>;

function appWith(run: Run): Hono {
  return new Hono().get("/", (c) => eventStream(c, run));
}

function serve(run: Run): HttpServer {
  const server = serveHttp({ app: appWith(run), hostname: "127.0.0.1", port: 0 });
  opened.push(server);
  return server;
}

/** A run that waits for its end and says when it came. */
function waiting() {
  const begun = Promise.withResolvers<SendEvent>();
  const ended = Promise.withResolvers<void>();
  const run: Run = async (send, signal) => {
    begun.resolve(send);
    await untilAborted(signal);
    ended.resolve();
  };
  return { run, begun: begun.promise, ended: ended.promise };
}

test("sends events as they come, and ends with its run", async () => {
  const answer = await appWith(async (send) => {
    expect(send("lines", { text: "a\r\nb\u2028 \ud800" })).toBe(true);
    expect(send("more", [])).toBe(true);
  }).request("/");
  expect(answer.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  expect(answer.headers.get("x-accel-buffering")).toBe("no");
  expect(await answer.text()).toBe(
    ':\n\nevent: lines\ndata: {"text":"a\\r\\nb\u2028 \\ud800"}\n\nevent: more\ndata: []\n\n',
  );
});

test("HEAD opens no stream", async () => {
  const answer = await appWith(() => Promise.reject(new Error("it was opened"))).request("/", {
    method: "HEAD",
  });
  expect(answer.headers.get("content-type")).toStartWith("text/event-stream");
  expect(await answer.text()).toBe("");
});

test("what the run throws is logged and ends the stream; the client is not told", async () => {
  const logger = createMemoryLogger();
  const app = new Hono()
    .use((c, next) => {
      c.set("logger", logger);
      return next();
    })
    .get("/", (c) => eventStream(c, () => Promise.reject(new Error("secret"))));
  expect(await (await app.request("/")).text()).toBe(":\n\n");
  expect(logger.lines).toMatchObject([{ message: "an event stream failed", fields: { error: "secret" } }]);
});

test("pings every 5 s, and lets a reader go that takes nothing for a minute", async () => {
  jest.useFakeTimers();
  try {
    const { run, begun, ended } = waiting();
    const answer = await appWith(run).request("/");
    await begun;
    const reader = answer.body?.getReader();
    const read = async () => new TextDecoder().decode((await reader?.read())?.value);
    expect(await read()).toBe(":\n\n");
    jest.advanceTimersByTime(5_000);
    expect(await read()).toBe("event: ping\ndata: {}\n\n");
    jest.advanceTimersByTime(66_000);
    await ended;
    expect(await reader?.read()).toEqual({ done: true, value: undefined });
  } finally {
    jest.useRealTimers();
  }
});

test("a reader that is behind is not waited for: what does not fit is not taken", async () => {
  const { run, begun } = waiting();
  const answer = await appWith(run).request("/");
  const send = await begun;
  const text = "x".repeat(1_000);
  let taken = 0;
  while (send("line", text)) taken += 1;
  expect(taken * 1_024).toBeWithin(outboxBytes - 3_000, outboxBytes + 2_000);
  const reader = answer.body?.getReader();
  const chunk = (await reader?.read())?.value;
  expect(chunk?.length).toBeWithin(outboxBytes, outboxBytes + 2_000);
  // Nothing waits: one that is too large by itself is taken.
  expect(send("snapshot", "x".repeat(2 * outboxBytes))).toBe(true);
  expect(send("line", "")).toBe(false);
  await reader?.cancel();
  expect(send("line", "")).toBe(false);
});

describe("over a connection", () => {
  test("headers arrive before the first event, and the run ends when the client goes", async () => {
    const { run, begun, ended } = waiting();
    const { url } = serve(run);
    const gone = new AbortController();
    const answer = await fetch(url, { signal: gone.signal });
    expect(answer.status).toBe(200);
    await begun;
    gone.abort();
    await ended;
  });

  test("a stuck reader is held back by its connection, and does not keep the server from stopping", async () => {
    let refused = 0;
    const server = serve(async (send, signal) => {
      const text = "x".repeat(100_000);
      while (!signal.aborted) {
        if (!send("line", text)) refused += 1;
        await Bun.sleep(1);
      }
    });
    const socket = connect(server.port, "127.0.0.1", () =>
      socket.pause().write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    );
    socket.on("error", () => {});
    try {
      await eventually("the connection is full", () => (refused > 0 ? true : null));
      const before = performance.now();
      await server.stop(50);
      expect(performance.now() - before).toBeLessThan(1_000);
    } finally {
      socket.destroy();
    }
  });

  test("the host's stop ends streams at once and opens no new one", async () => {
    const { run, begun, ended } = waiting();
    const server = serve(run);
    const answer = await fetch(server.url);
    await begun;
    server.endStreams();
    await ended;
    expect(await answer.text()).toBe(":\n\n");
    expect((await fetch(server.url)).status).toBe(503);
    const before = performance.now();
    await server.stop(10_000);
    expect(performance.now() - before).toBeLessThan(1_000);
  });
});
