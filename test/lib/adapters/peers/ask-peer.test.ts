import { expect, test } from "bun:test";
import { askPeer } from "../../../../lib/adapters/peers/ask-peer.ts";
import { followPeer } from "../../../../lib/adapters/peers/follow-peer.ts";

const target = (port: number | undefined) => ({
  address: `http://127.0.0.1:${port}`,
  path: "/",
  headers: {},
  ownCertificate: null,
  signal: new AbortController().signal,
});

test("an answer that is not wanted is not read", async () => {
  const cancelled = Promise.withResolvers<void>();
  using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () =>
      new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue("x".repeat(1_000)),
          // It never ends.
          cancel: () => cancelled.resolve(),
        }),
        { status: 500 },
      ),
  });
  const asked = { ...target(server.port), timeoutMs: 60_000, maxBytes: 10_000_000 };
  const answer = await askPeer({ ...asked, isWanted: ({ status }) => status === 200 });
  expect([answer.status, answer.body]).toEqual([500, ""]);
  await cancelled.promise;
});

test("one that is wanted is, up to its bound", async () => {
  using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("0123456789") });
  const asked = { ...target(server.port), timeoutMs: 60_000, isWanted: () => true };
  expect((await askPeer({ ...asked, maxBytes: 10 })).body).toBe("0123456789");
  expect(askPeer({ ...asked, maxBytes: 9 })).rejects.toThrow("its answer is over 9 bytes");
});

test("events of a stream are told one by one, until it ends", async () => {
  using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () => new Response(":\n\nevent: a\ndata: 1\n\nevent: b\ndata: 2\n\nevent: c\nda"),
  });
  const told: string[] = [];
  const stream = { ...target(server.port), silenceMs: 60_000, maxEventBytes: 100 };
  const following = followPeer(stream, (event, data) => told.push(event + data));
  expect(await following.catch((error: unknown) => String(error))).toContain("it ended the stream");
  expect(told).toEqual(["a1", "b2"]);
});
