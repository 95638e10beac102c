import { describe, expect, test } from "bun:test";
import type { IngestEventResult } from "../../../../../functions/ingest-event.ts";
import type { HttpDeps } from "../../../../../infra/host/http/app.ts";
import { serveHttp } from "../../../../../infra/host/http/server.ts";
import type { PartitionBatch } from "../../../../../lib/rules/lambda-event.ts";
import { kafkaEvent } from "../../../../support/kafka-event.ts";
import { sourceRecord } from "../../../../support/records.ts";
import { bearer, problemOf, setUp, token } from "../fixture.ts";

const clean: IngestEventResult = {
  counts: { indexed: 1, duplicate: 0, deadLettered: 0, skipped: 0 },
  failed: [],
};

function withIntake(deps: Partial<HttpDeps> = {}, settings = {}) {
  const taken: (readonly PartitionBatch[])[] = [];
  const ingest: HttpDeps["ingest"] = async (batches) => {
    taken.push(batches);
    return Promise.resolve(clean);
  };
  return { ...setUp(settings, { ingest, ...deps }), taken };
}

const asJson = (body: unknown) => ({
  method: "POST",
  body: JSON.stringify(body),
  headers: { "content-type": "application/json" },
});
const event = (value = "x") =>
  kafkaEvent([{ topic: "orders", record: sourceRecord(value, { offset: 123 }) }]);

describe("POST /ingest", () => {
  test("is 200 with nothing to send again where all was brought in", async () => {
    const { ask, taken } = withIntake();
    const response = await ask("/ingest", asJson(event()));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ batchItemFailures: [], counts: clean.counts, reasons: [] });
    const record = sourceRecord("x", { offset: 123 });
    expect(taken).toEqual([[{ name: "orders-0", topic: "orders", partition: 0, records: [record] }]]);
  });

  test("is 200 too where records failed, each named as Lambda wants it, with the reasons beside", async () => {
    const { ask } = withIntake({
      ingest: async () =>
        Promise.resolve({
          ...clean,
          failed: [{ name: "orders-0", offsets: [123, 125], code: "timeout", message: "no answer" }],
        }),
    });
    const response = await ask("/ingest", asJson(event()));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      batchItemFailures: [
        { itemIdentifier: { partition: "orders-0", offset: 123 } },
        { itemIdentifier: { partition: "orders-0", offset: 125 } },
      ],
      counts: clean.counts,
      reasons: [{ partition: "orders-0", records: 2, code: "timeout", message: "no answer" }],
    });
  });

  test.each([
    ["{", 400, "The body is not valid JSON."],
    ["", 400, "The body is not valid JSON."],
    ["[]", 400, "The body must be a JSON object."],
    [
      JSON.stringify({ ...event(), eventSource: "aws:sqs" }),
      400,
      expect.stringContaining('"aws:sqs" is not one of'),
    ],
  ])("%j is refused, and nothing is taken", async (body, status, detail) => {
    const { ask, taken } = withIntake();
    const response = await ask("/ingest", { ...asJson(null), body });
    expect(response.status).toBe(status);
    expect((await problemOf(response))["detail"]).toEqual(detail);
    expect(taken).toEqual([]);
  });

  test("wants JSON that says it is", async () => {
    const response = await withIntake().ask("/ingest", { method: "POST", body: JSON.stringify(event()) });
    expect(response.status).toBe(415);
  });

  test("is 503 with when to come again while no event can be taken", async () => {
    const { ask, taken } = withIntake({ ingestRefusal: () => "The host is stopping." });
    const response = await ask("/ingest", asJson(event()));
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
    expect((await problemOf(response))["detail"]).toBe("The host is stopping.");
    expect(taken).toEqual([]);
  });

  test("takes four events at once and the next one when one has ended", async () => {
    const release = Promise.withResolvers<IngestEventResult>();
    const { ask } = withIntake({ ingest: () => release.promise });
    const four = Array.from({ length: 4 }, () => ask("/ingest", asJson(event())));
    expect((await ask("/ingest", asJson(event()))).status).toBe(503);
    release.resolve(clean);
    expect((await Promise.all(four)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await ask("/ingest", asJson(event()))).status).toBe(200);
  });

  test("gives a place back where the event was refused, and where bringing it in failed", async () => {
    const { ask } = withIntake({ ingest: () => Promise.reject(new Error("a bug")) });
    for (let time = 0; time < 5; time += 1) {
      expect((await ask("/ingest", { ...asJson(null), body: "{" })).status).toBe(400);
      expect((await ask("/ingest", asJson(event()))).status).toBe(500);
    }
  });

  test("wants the token, and no foreign page", async () => {
    const guarded = withIntake({}, { token });
    expect((await guarded.ask("/ingest", asJson(event()))).status).toBe(401);
    const { headers, ...request } = asJson(event());
    const signed = await guarded.ask("/ingest", { ...request, headers: { ...headers, ...bearer(token) } });
    expect(signed.status).toBe(200);
    const foreign = { ...headers, origin: "https://evil.example" };
    const open = withIntake();
    expect((await open.ask("/ingest", { ...request, headers: foreign })).status).toBe(403);
    expect([guarded.taken.length, open.taken.length]).toEqual([1, 0]);
  });

  test("GET is 405", async () => {
    const response = await withIntake().ask("/ingest");
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
  });
});

describe("over the wire", () => {
  const post = (url: string, body: string) =>
    fetch(`${url}ingest`, { method: "POST", body, headers: { "content-type": "application/json" } });

  test("an event of Lambda's six megabytes is taken, one of nine is 413 and not read", async () => {
    const { app, taken } = withIntake();
    const server = serveHttp({ app, hostname: "127.0.0.1", port: 0 });
    try {
      const six = JSON.stringify(event("x".repeat(4_400_000)));
      expect(six.length).toBeGreaterThan(5.8e6);
      expect((await post(server.url, six)).status).toBe(200);
      const nine = await post(server.url, JSON.stringify(event("x".repeat(6_800_000))));
      expect(nine.status).toBe(413);
      expect((await problemOf(nine))["detail"]).toBe("The body is over 8388608 bytes.");
      expect(taken).toHaveLength(1);
      // No other route takes more than before.
      const long = await fetch(`${server.url}reconcile`, { method: "POST", body: "x".repeat(65 * 1024) });
      expect((await problemOf(long))["detail"]).toBe("The body is over 65536 bytes.");
    } finally {
      await server.stop();
    }
  });

  test("whoever goes away ends the attempt", async () => {
    const asked = Promise.withResolvers<AbortSignal>();
    const { app } = withIntake({
      ingest: async (_batches, signal) => {
        asked.resolve(signal);
        const ended = Promise.withResolvers<void>();
        signal.addEventListener("abort", () => ended.resolve(), { once: true });
        await ended.promise;
        return clean;
      },
    });
    const server = serveHttp({ app, hostname: "127.0.0.1", port: 0 });
    try {
      const gone = new AbortController();
      const answer = fetch(`${server.url}ingest`, { ...asJson(event()), signal: gone.signal }).catch(
        () => "gone",
      );
      const signal = await asked.promise;
      const ended = new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      gone.abort();
      expect(await answer).toBe("gone");
      await ended;
    } finally {
      await server.stop(0);
    }
  });
});
