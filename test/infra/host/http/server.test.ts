import { afterEach, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { serveHttp, type HttpServer } from "../../../../infra/host/http/server.ts";
import { createOpenConnections } from "../../../../lib/adapters/system/open-connections.ts";
import { PenstockError } from "../../../../lib/rules/base/errors.ts";
import { problemOf, setUp, token } from "./fixture.ts";

const hostname = "127.0.0.1";
const opened: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((server) => server.stop()));
});

function serve(options: Omit<Parameters<typeof serveHttp>[0], "hostname" | "port">): HttpServer {
  const server = serveHttp({ hostname, port: 0, ...options });
  opened.push(server);
  return server;
}

/** Sends bytes as they are, since a client library would add or mend a Host header; resolves to the status line. */
async function statusLine(port: number, head: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(port, hostname, () => socket.write(`${head}\r\n\r\n`));
  socket.once("data", (data) => resolve(data.toString().split("\r\n")[0] ?? ""));
  socket.once("error", reject);
  socket.once("close", () => reject(new Error("closed without an answer")));
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

test("answers on a free port, to a loopback Host header only", async () => {
  const { app } = setUp();
  const { url, port } = serve({ app });
  expect(url).toBe(`http://127.0.0.1:${port}/`);
  expect((await fetch(`${url}topics`)).status).toBe(200);
  for (const [head, status] of [
    ["GET /topics HTTP/1.1\r\nHost: localhost", 200],
    ["GET /topics HTTP/1.1\r\nHost: evil.example", 403],
    ["GET http://localhost/topics HTTP/1.1\r\nHost: evil.example", 403],
    ["GET /topics HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example", 403],
    ["GET /topics HTTP/1.0", 403],
  ] as const) {
    expect(await statusLine(port, head)).toStartWith(`HTTP/1.1 ${status} `);
  }
});

test("a Host header that is no host costs a refusal, not a fault in the log", async () => {
  for (const [settings, status] of [
    [{ token }, 400],
    [{}, 403],
  ] as const) {
    const { app, logged } = setUp(settings);
    const { port } = serve({ app });
    const head = "POST /session HTTP/1.1\r\nHost: localhost:65536\r\nTransfer-Encoding: chunked";
    expect(await statusLine(port, `${head}\r\n\r\n2\r\n{}\r\n0`)).toStartWith(`HTTP/1.1 ${status} `);
    expect(logged).toEqual([]);
  }
});

describe("a long body", () => {
  test("is 413 as a problem over 64 KiB", async () => {
    const { url } = serve({ app: setUp().app });
    const response = await fetch(`${url}reconcile`, { method: "POST", body: "x".repeat(64 * 1024 + 1) });
    expect(response.status).toBe(413);
    await problemOf(response);
  });

  test("is 413 too where its length is not said before", async () => {
    const { url } = serve({ app: setUp().app });
    const chunk = new Uint8Array(16 * 1024);
    const body = new ReadableStream({
      pull(controller) {
        controller.enqueue(chunk);
      },
    });
    const response = await fetch(`${url}reconcile`, { method: "POST", body });
    expect(response.status).toBe(413);
  });

  test("is cut off by the server where it is far too long", async () => {
    const { url } = serve({ app: setUp().app });
    const response = await fetch(`${url}reconcile`, { method: "POST", body: "x".repeat(17 * 1024 * 1024) });
    expect(response.status).toBe(413);
  });
});

test("signs in and out over the wire", async () => {
  const { app } = setUp({ token });
  const { url } = serve({ app });
  const origin = new URL(url).origin;
  const signIn = await fetch(`${url}session`, {
    method: "POST",
    headers: { origin, "content-type": "application/json" },
    body: JSON.stringify({ token }),
  });
  expect(signIn.status).toBe(204);
  const cookie = signIn.headers.get("set-cookie")?.split(";")[0] ?? "";
  expect((await fetch(`${url}topics`, { headers: { cookie } })).status).toBe(200);
  expect((await fetch(`${url}session`, { method: "DELETE", headers: { cookie, origin } })).status).toBe(204);
  expect((await fetch(`${url}topics`, { headers: { cookie } })).status).toBe(401);
});

test("a port in use is said to be", () => {
  const { app } = setUp();
  const { port } = serve({ app });
  const again = () => serveHttp({ app, hostname, port });
  expect(again).toThrow(PenstockError);
  expect(again).toThrow(`Cannot listen on 127.0.0.1:${port}: the port is in use`);
});

test("an address that is not ours is said to be", () => {
  // TEST-NET-3 of RFC 5737: never assigned.
  expect(() => serveHttp({ app: setUp().app, hostname: "203.0.113.9", port: 0 })).toThrow(
    "check http.hostname",
  );
});

describe("stopping", () => {
  /** A server whose one answer waits until released. */
  function slow(signal?: AbortSignal) {
    const [asked, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const app = {
      async fetch() {
        asked.resolve();
        await release.promise;
        return new Response("done");
      },
    };
    const server = serve({ app, ...(signal === undefined ? {} : { signal }) });
    const answer = fetch(server.url).then(
      (response) => response.text(),
      () => "cut",
    );
    return { server, answer, asked: asked.promise, release: release.resolve };
  }

  test("waits for an answer under way, and frees the port", async () => {
    const { server, answer, asked, release } = slow();
    await asked;
    const stopped = server.stop(10_000);
    release();
    expect(await answer).toBe("done");
    await stopped;
    await server.stop();
    opened.push(serveHttp({ app: setUp().app, hostname, port: server.port }));
  });

  test("cuts an answer that outlasts the deadline", async () => {
    const { server, answer, asked, release } = slow();
    await asked;
    await server.stop(20);
    expect(await answer).toBe("cut");
    release();
  });

  test("follows its signal", async () => {
    const controller = new AbortController();
    const { answer, asked, release } = slow(controller.signal);
    await asked;
    controller.abort();
    expect(await answer).toBe("cut");
    release();
    expect(() => serve({ app: setUp().app, signal: controller.signal })).toThrow();
  });
});

describe("more connections than there may be", () => {
  const kernel = createOpenConnections();
  /** A server that takes three, and counts once it is told to. */
  function bounded() {
    const cut: number[] = [];
    const watch = { isOn: false };
    const server = serve({
      app: setUp().app,
      connections: {
        most: 3,
        everyMs: 20,
        count: (port) => (watch.isOn ? (kernel.to(port) ?? 0) : 0),
        onCut: (count) => cut.push(count),
        onClosed: (error) => expect(error).toBeNull(),
      },
    });
    return { server, cut, watch };
  }
  /** Six connections that say this. @returns for each, what resolves once it is open, answered, and closed by the server */
  function six(port: number, text: string) {
    return Array.from({ length: 6 }, () => {
      const open = Promise.withResolvers<void>();
      const answered = Promise.withResolvers<void>();
      const closed = Promise.withResolvers<void>();
      const socket = connect(port, hostname, () => socket.write(text, () => open.resolve()));
      socket.once("data", () => answered.resolve());
      socket.once("error", () => {});
      socket.once("close", () => closed.resolve());
      return { open: open.promise, answered: answered.promise, closed: closed.promise };
    });
  }
  const whole = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

  test.skipIf(kernel.descriptorLimit === null)("those between two requests are closed", async () => {
    const { server, cut, watch } = bounded();
    const opened = six(server.port, whole);
    await Promise.all(opened.map(({ answered }) => answered));
    watch.isOn = true;
    await Promise.all(opened.map(({ closed }) => closed));
    expect(cut).toEqual([]);
  });

  test.skipIf(kernel.descriptorLimit === null)(
    "where that does not do, all are, and the port is open again",
    async () => {
      const { server, cut, watch } = bounded();
      const opened = six(server.port, "GET /healthz HTTP/1.1\r\nHost: l");
      await Promise.all(opened.map(({ open }) => open));
      watch.isOn = true;
      await Promise.all(opened.map(({ closed }) => closed));
      expect(cut.length).toBeGreaterThan(0);
      expect((await fetch(`${server.url}healthz`)).status).toBe(200);
    },
  );
});
