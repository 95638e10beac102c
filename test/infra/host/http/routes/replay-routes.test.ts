import { noLetterStates } from "../../../../support/letter-states.ts";
import { describe, expect, test } from "bun:test";
import type { HttpDeps } from "../../../../../infra/host/http/app.ts";
import { NO_OUTCOMES } from "../../../../../functions/replay-dead-letters.ts";
import { maxDigests } from "../../../../../infra/host/http/routes/replay-routes.ts";
import type { ReplayJob } from "../../../../../infra/api/letters/dead-letters.ts";
import { PenstockError } from "../../../../../lib/rules/base/errors.ts";
import type { ReplayRequest } from "../../../../../lib/rules/dead-letters/replay-request.ts";
import { bearer, problemOf, setUp, token } from "../fixture.ts";
import { noFailureStores } from "../../../../support/failure-stores.ts";
import { noneGaveWay } from "../../../../support/gave-way.ts";

const job: ReplayJob = {
  id: "id-1",
  state: "running",
  request: {
    topic: null,
    error: null,
    since: null,
    index: null,
    refusedBy: null,
    field: null,
    dryRun: false,
  },
  startedAt: "2026-01-02T00:00:00.000Z",
  endedAt: null,
  progress: { read: 0, total: 0, outcomes: NO_OUTCOMES },
  result: null,
  error: null,
  change: null,
  left: null,
};
const digest = {
  read: 0,
  notLetters: 0,
  filteredOut: 0,
  doubles: 0,
  letters: 0,
  firstForeign: null,
  truncated: false,
  gaveWay: noneGaveWay,
  failureStores: noFailureStores,
  ...noLetterStates,
  groups: [],
  others: 0,
};

function withReplays(busy = false, settings = {}) {
  const started: ReplayRequest[] = [];
  const digested: (string | null)[] = [];
  const deps: Partial<HttpDeps> = {
    replays: {
      start(request) {
        started.push(request);
        return { kind: busy ? "busy" : "started", job };
      },
      get: (id) => (id === job.id ? job : null),
    },
    digest: async (topic) => {
      digested.push(topic);
      return Promise.resolve(digest);
    },
    now: () => Date.UTC(2026, 0, 2, 12),
  };
  return { ...setUp(settings, deps), started, digested };
}

const asJson = (body: unknown) => ({
  method: "POST",
  body: JSON.stringify(body),
  headers: { "content-type": "application/json" },
});

describe("POST /replay", () => {
  const bare = { filter: { topic: null, error: null, sinceMs: null }, index: null, dryRun: false };

  test("is 202 with the job and where to ask about it", async () => {
    const { ask, started } = withReplays();
    const response = await ask("/replay", { method: "POST" });
    expect([response.status, response.headers.get("location")]).toEqual([202, "/replay/id-1"]);
    expect(await response.json()).toEqual(job);
    expect(started).toEqual([bare]);
  });

  test("takes its parameters from the query, the body, or both", async () => {
    const { ask, started } = withReplays();
    await ask("/replay?topic=app&error=e&since=1h&index=b&dryRun=true", { method: "POST" });
    await ask("/replay", asJson({ topic: "app", error: "e", since: "1h", index: "b", dryRun: true }));
    await ask(
      "/replay?dryRun=true&topic=app",
      asJson({ error: "e", since: "2026-01-02T11:00Z", index: "b" }),
    );
    const wanted = {
      filter: { topic: "app", error: "e", sinceMs: Date.UTC(2026, 0, 2, 11) },
      index: "b",
      dryRun: true,
    };
    expect(started).toEqual([wanted, wanted, wanted]);
    await ask("/replay?topic=app&refusedBy=logs&field=n", { method: "POST" });
    expect(started[3]?.filter).toEqual({
      topic: "app",
      error: null,
      sinceMs: null,
      of: { index: "logs", field: "n" },
    });
  });

  test.each([
    [
      "?dryrun=true",
      {},
      'Unknown parameter "dryrun": it must be topic, error, since, index, refusedBy, field or dryRun.',
    ],
    ["?dryRun=yes", {}, 'dryRun "yes" must be true or false.'],
    ["?topic=a&topic=b", {}, "topic is given 2 times: it may be given once."],
    ["?topic=a%20b", {}, 'topic "a b" is not a Kafka topic name (1 to 249 of a-z A-Z 0-9 . _ -).'],
    ["", { since: "soon" }, expect.stringContaining('since "soon" is neither a time')],
    ["", { index: "UP" }, expect.stringContaining('index "UP" is not an Elasticsearch index name')],
    ["", { dryrun: true }, expect.stringContaining('Unknown parameter "dryrun"')],
    ["", { __proto__: null, constructor: "1" }, expect.stringContaining('Unknown parameter "constructor"')],
    ["", { field: "n" }, 'field "n" needs refusedBy beside it: the index that refused the letters.'],
    ["", { topic: 1 }, "topic must be a string."],
    ["", { topic: ["a", "b"] }, "topic must be a string."],
    ["", { dryRun: 1 }, "dryRun must be true or false."],
    ["", ["topic"], "The body must be a JSON object."],
    ["?topic=a", { topic: "a" }, "topic is given in the query and in the body."],
  ])("%s %j is refused, and nothing is started", async (query, body, detail) => {
    const { ask, started } = withReplays();
    const response = await ask(`/replay${query}`, asJson(body));
    expect(response.status).toBe(400);
    expect((await problemOf(response))["detail"]).toEqual(detail);
    expect(started).toEqual([]);
  });

  test("refuses a body that is no JSON, or does not say that it is", async () => {
    const { ask, started } = withReplays();
    const broken = await ask("/replay", { ...asJson({}), body: "{" });
    expect(broken.status).toBe(400);
    const form = await ask("/replay", { method: "POST", body: "dryRun=true" });
    expect(form.status).toBe(415);
    expect(started).toEqual([]);
  });

  test("is 409 while another runs, naming it", async () => {
    const response = await withReplays(true).ask("/replay", { method: "POST" });
    expect([response.status, response.headers.get("location")]).toEqual([409, "/replay/id-1"]);
    expect(await problemOf(response)).toMatchObject({
      detail: "Replay id-1 runs since 2026-01-02T00:00:00.000Z; one runs at a time.",
      job: "id-1",
    });
  });

  test("wants the token, and no foreign page", async () => {
    const guarded = withReplays(false, { token });
    for (const [path, method] of [
      ["/replay", "POST"],
      ["/replay/id-1", "GET"],
      ["/dead-letters", "GET"],
    ] as const) {
      expect((await guarded.ask(path, { method })).status).toBe(401);
      expect((await guarded.ask(path, { method, headers: bearer(token) })).status).toBeLessThan(300);
    }
    const open = withReplays();
    const foreign = await open.ask("/replay", {
      method: "POST",
      headers: { origin: "https://evil.example" },
    });
    expect(foreign.status).toBe(403);
    expect(open.started).toEqual([]);
  });
});

describe("GET /replay/<id>", () => {
  test("is the job, or 404", async () => {
    const { ask } = withReplays();
    expect(await (await ask("/replay/id-1")).json()).toEqual(job);
    const missing = await ask("/replay/id-2");
    expect(missing.status).toBe(404);
    await problemOf(missing);
  });
});

describe("GET /dead-letters", () => {
  test("is the digest, of one topic where asked", async () => {
    const { ask, digested } = withReplays();
    expect(await (await ask("/dead-letters")).json()).toEqual(digest);
    await ask("/dead-letters?topic=app");
    expect(digested).toEqual([null, "app"]);
  });

  test.each([
    [new PenstockError("kafka_unavailable", "Kafka at k:9092 does not answer", { retryable: true })],
    [new PenstockError("kafka_refused", "k:9092 refused the login of user penstock")],
  ])("is 503 where Kafka does not answer, or refuses to: %p", async (thrown) => {
    const { ask } = setUp({}, { digest: () => Promise.reject(thrown) });
    const response = await ask("/dead-letters");
    expect(response.status).toBe(503);
    expect((await problemOf(response))["detail"]).toBe(`${thrown.message}.`);
  });

  test("a few at once, each until it was made, also for a reader that has gone, and read", async () => {
    const made: (() => void)[] = [];
    const { ask } = setUp(
      {},
      {
        digest: () => {
          const { promise, resolve } = Promise.withResolvers<typeof digest>();
          made.push(() => resolve(digest));
          return promise;
        },
      },
    );
    const gone = new AbortController();
    const readers = Array.from({ length: maxDigests }, (_, n) =>
      ask(`/dead-letters?topic=t${n}`, n === 0 ? { signal: gone.signal } : {}),
    );
    gone.abort();
    const status = async () => (await ask("/dead-letters?topic=another", { method: "HEAD" })).status;
    const refused = await ask("/dead-letters?topic=another");
    expect([refused.status, refused.headers.get("retry-after"), made.length]).toEqual([429, "2", maxDigests]);
    made[0]?.();
    expect((await readers[0])?.status).toBe(503);
    expect(await status()).toBe(200);
    made[1]?.();
    const second = await readers[1];
    const third = ask("/dead-letters?topic=third");
    while (made.length === maxDigests) await Bun.sleep(0);
    expect(await status()).toBe(429);
    expect(await second?.json()).toEqual(digest);
    expect(await status()).toBe(200);
    for (const make of made) make();
    for (const reader of [third, ...readers.slice(2)]) await (await reader).body?.cancel();
  });

  test("refuses what it does not know", async () => {
    const { ask, digested } = withReplays();
    for (const query of ["?topic=", "?error=e", "?topic=a&topic=b"]) {
      const response = await ask(`/dead-letters${query}`);
      expect({ query, status: response.status }).toEqual({ query, status: 400 });
    }
    expect(digested).toEqual([]);
  });
});

test.each([
  ["GET", "/replay", "POST"],
  ["POST", "/replay/id-1", "GET, HEAD"],
  ["POST", "/dead-letters", "GET, HEAD"],
])("%s %s is 405", async (method, path, allow) => {
  const response = await withReplays().ask(path, { method });
  expect([response.status, response.headers.get("allow")]).toEqual([405, allow]);
});
