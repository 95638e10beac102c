import { afterEach, describe, expect, jest, test } from "bun:test";
import type { LogDocument } from "../../../../../../infra/api/logs.ts";
import { maxTails } from "../../../../../../infra/host/services/tail-hub.ts";
import type { LogRouteDeps } from "../../../../../../infra/host/http/routes/log/log-routes.ts";
import { serveHttp, type HttpServer } from "../../../../../../infra/host/http/server.ts";
import { PenstockError, type ErrorCode } from "../../../../../../lib/rules/base/errors.ts";
import { streamStore } from "../../../../../support/failure-stores.ts";
import { specification } from "../../../../../support/records.ts";
import { answeredHit, searchAnswer } from "../../../../../support/search-answer.ts";
import { bearer, idleTails, problemOf, setUp, token } from "../../fixture.ts";

const opened: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((server) => server.stop(0)));
});

type SearchText = LogRouteDeps["searchText"];

function world(searchText: SearchText = () => Promise.resolve(searchAnswer([])), changes: object = {}) {
  const logs = {
    inForce: () => new Map([["app", specification()]]),
    managed: () => true,
    rebuilt: () => null,
    searchText,
    fieldCaps: async () => ({ indices: 1, fields: new Map() }),
    surveyFailureStores: async () => ({ streams: [streamStore("app")], problems: [] }),
    newMarker: () => "MARK",
    tails: idleTails(),
    fleetTails: idleTails(),
    ...changes,
  };
  return setUp({}, { logs });
}

function serve(searchText: SearchText): string {
  const server = serveHttp({ app: world(searchText).app, hostname: "127.0.0.1", port: 0 });
  opened.push(server);
  return server.url;
}

/** Searches that wait until they are told. */
function slow() {
  const asked: AbortSignal[] = [];
  const answers: (() => void)[] = [];
  const searchText: SearchText = (_, signal) => {
    asked.push(signal);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    answers.push(() => resolve(searchAnswer([answeredHit({ offset: 1 })])));
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    return promise;
  };
  return { searchText, asked, answer: () => answers.splice(0).forEach((each) => each()) };
}

const turn = () => Bun.sleep(5);

test("GET /logs/failures answers with refused documents as they were written", async () => {
  const refused = '{"@timestamp":"x","n":12345678901234567890}';
  const source = `{"@timestamp":"2026-01-01T00:00:00.000Z","error":{"type":"t","message":"m"},"document":{"id":"app:0:7:1","index":"app","source":${refused}}}`;
  const asked: unknown[] = [];
  const { ask } = world(({ indices, body }) => {
    asked.push(indices, body);
    return Promise.resolve(searchAnswer([answeredHit({ offset: 1, source })]));
  });
  const answer = await (await ask("/logs/failures?topic=app&q=word&size=5")).json();
  expect(answer).toMatchObject({
    streams: ["app"],
    problems: [],
    total: { value: 1 },
    failures: [
      {
        at: "2026-01-01T00:00:00.000Z",
        error: { type: "t", message: "m" },
        recordId: "app:0:7:1",
        topic: "app",
        partition: 0,
        offset: 7,
        raw: refused,
      },
    ],
  });
  expect(asked[0]).toEqual(["app::failures"]);
  expect(asked[1]).toMatchObject({ size: 5 });
  expect(JSON.stringify(asked[1])).toContain(
    '"multi_match":{"query":"word","fields":["document.id","error.type"',
  );
  expect(await ask("/logs/failures?topic=nobody")).toMatchObject({ status: 404 });
});

test("GET /logs/failures does without the documents if they are too large together", async () => {
  const source = '{"@timestamp":"2026-01-01T00:00:00.000Z","error":{},"document":{"id":"not:ours"}}';
  const sources: unknown[] = [];
  const { ask } = world(({ body }) => {
    sources.push((body as { _source: unknown })._source);
    return Promise.resolve(sources.length === 1 ? null : searchAnswer([answeredHit({ offset: 1, source })]));
  });
  expect(await (await ask("/logs/failures")).json()).toMatchObject({
    failures: [
      { recordId: "not:ours", topic: null, offset: null, raw: null, error: { type: "", message: "" } },
    ],
  });
  expect(sources[0]).toContain("document");
  expect(sources[1]).not.toContain("document");
});

test("GET /logs/failures says what may not be read, and asks nothing without a store", async () => {
  const { ask } = world(() => Promise.reject(new Error("not asked")), {
    fieldCaps: async () => ({ indices: 1, fields: new Map() }),
    surveyFailureStores: async () => ({
      streams: [streamStore("app", { readable: false }), streamStore("web", { indices: [] })],
      problems: ["p"],
    }),
  });
  expect(await (await ask("/logs/failures")).json()).toMatchObject({
    streams: [],
    problems: ["p", expect.stringContaining("read_failure_store is missing on app")],
    total: { value: 0 },
    failures: [],
  });
});

test("GET /logs answers with documents as they were written", async () => {
  const source = '{"message":"</script>","n":1.000,"id":12345678901234567890}';
  const { ask } = world(() => Promise.resolve(searchAnswer([answeredHit({ offset: 1, source })])));
  const answer = await ask("/logs?topic=app");
  expect(answer.headers.get("content-type")).toBe("application/json");
  const text = await answer.text();
  expect(text).toContain(`"document":${source}`);
  expect(JSON.parse(text)).toMatchObject({
    complete: true,
    hits: [{ line: [["</script>", false]], bytes: 9 }],
  });
});

test.each([
  ["/logs?size=0", 400, 'size "0" must be a whole number from 1 to 100.'],
  ["/logs?topic=nope", 404, 'Topic "nope" is neither declared nor running on this host.'],
  ["/logs?topic=app&topic=..%2F_all", 404, 'Topic "../_all" is neither declared nor running on this host.'],
  ["/logs/document?topic=app", 400, "id is missing."],
  ["/logs/document?topic=nope&id=1", 404, 'Topic "nope" is neither declared nor running on this host.'],
  ["/logs/document?topic=app&id=1", 404, 'Topic "app" has no document "1".'],
  ["/logs/export?format=xml", 400, 'format "xml" must be ndjson or csv.'],
  ["/logs/export?topic=nope", 404, 'Topic "nope" is neither declared nor running on this host.'],
  ["/logs/tail", 400, "topic is given 0 times: it must be given at least once, and at most 10 times."],
  ["/logs/tail?topic=nope", 404, 'Topic "nope" is neither declared nor running on this host.'],
  ["/logs/tail?topic=app&from=now", 400, 'Unknown parameter "from": it must be topic, q or filter.'],
])("GET %s is %d: %s", async (path, status, detail) => {
  const answer = await world().ask(path);
  expect(answer.status).toBe(status);
  expect((await problemOf(answer))["detail"]).toBe(detail);
});

test.each([
  ["usage", 400],
  ["elasticsearch_refused", 502],
  ["elasticsearch_unavailable", 503],
  ["deadline_exceeded", 504],
] as const)("what Elasticsearch does not do is a problem: %s is %d", async (code: ErrorCode, status) => {
  const { ask, logged } = world(() => Promise.reject(new PenstockError(code, "it says why")));
  for (const path of ["/logs", "/logs/document?topic=app&id=1", "/logs/export"]) {
    const answer = await ask(path);
    expect(answer.status).toBe(status);
    expect((await problemOf(answer))["detail"]).toBe("it says why.");
  }
  expect(logged).toEqual([]);
});

test("while a shard does not answer, a topic that was found in no other is not said to be unknown", async () => {
  const partial = JSON.stringify({
    _shards: { total: 2, failed: 1, failures: [] },
    aggregations: { topics: { buckets: [{ key: "found" }] } },
  });
  const { ask } = world(() => Promise.resolve(partial));
  const answer = await ask("/logs?topic=found&topic=gone");
  expect(answer.status).toBe(503);
  expect((await problemOf(answer))["detail"]).toBe(
    'whether topic "gone" has records is not known: 1 of 2 shards failed.',
  );
});

test("a document that is too large is 413, and says where it is", async () => {
  const place = searchAnswer([answeredHit({ offset: 1, source: null })]);
  const { ask } = world(({ body }) =>
    Promise.resolve("_source" in body && body._source === true ? null : place),
  );
  const answer = await ask("/logs/document?topic=app&id=app%3A0%3A1%3Ax");
  expect(answer.status).toBe(413);
  expect(await problemOf(answer)).toMatchObject({
    detail: expect.stringContaining("GET /app-1/_doc/app%3A0%3A1%3Ax"),
    index: "app-1",
    id: "app:0:1:x",
  });
});

test("four searches at once, and no fifth until one is done", async () => {
  const { searchText, answer } = slow();
  const { ask } = world(searchText);
  const four = Array.from({ length: 4 }, () => ask("/logs"));
  await turn();
  const fifth = await ask("/logs");
  expect([fifth.status, fifth.headers.get("retry-after")]).toEqual([429, "2"]);
  expect((await ask("/logs/export")).status).toBe(429);
  answer();
  expect((await Promise.all(four)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  const sixth = ask("/logs");
  await turn();
  answer();
  expect((await sixth).status).toBe(200);
});

const documentPath = "/logs/document?topic=app&id=app%3A0%3A1%3Ax";

test("a document is answered as it was written, once", async () => {
  const source = `{"message":"${"😀x".repeat(1_000_000)}","n":1.000}`;
  const { ask } = world(() => Promise.resolve(searchAnswer([answeredHit({ offset: 1, source })])));
  const answer = await ask(documentPath);
  expect(answer.headers.get("content-type")).toBe("application/json");
  const told = (await answer.json()) as LogDocument;
  expect(Object.keys(told).toSorted()).toEqual(["bytes", "id", "ignored", "index", "raw"]);
  expect(told.raw === source).toBe(true);
  expect(told.bytes).toBe(Buffer.byteLength(source));
});

/** Over what is answered without further ado. */
const large = () =>
  Promise.resolve(
    searchAnswer([answeredHit({ offset: 1, source: `{"message":"${"x".repeat(2_000_000)}"}` })]),
  );

test("one large document at a time, until it was read, given up, or left unread for a minute", async () => {
  const { ask } = world(large);
  const status = async () => {
    const answer = await ask(documentPath, { method: "HEAD" });
    return answer.status;
  };
  const read = await ask(documentPath);
  const refused = await ask(documentPath);
  expect([refused.status, refused.headers.get("retry-after"), await status()]).toEqual([429, "2", 429]);
  expect((await ask("/logs")).status).toBe(200);
  await read.text();
  expect(await status()).toBe(200);
  await (await ask(documentPath)).body?.cancel();
  expect(await status()).toBe(200);
});

test("small documents do not wait for each other", async () => {
  const { ask } = world(() => Promise.resolve(searchAnswer([answeredHit({ offset: 1 })])));
  const unread = [await ask(documentPath), await ask(documentPath), await ask(documentPath)];
  expect(unread.map(({ status }) => status)).toEqual([200, 200, 200]);
});

test("a large document that nobody reads is let go, cut off", async () => {
  jest.useFakeTimers();
  try {
    const { ask } = world(large);
    const unread = await ask(documentPath);
    jest.advanceTimersByTime(59_000);
    expect((await ask(documentPath)).status).toBe(429);
    jest.advanceTimersByTime(1_000);
    expect((await ask(documentPath)).status).toBe(200);
    const end = unread.text().then(
      () => "ended",
      () => "cut off",
    );
    expect(await end).toBe("cut off");
  } finally {
    jest.useRealTimers();
  }
});

test("a document that is not found, or whose search fails, makes room", async () => {
  const answers = [() => searchAnswer([]), () => Promise.reject(new PenstockError("usage", "no"))];
  const { ask } = world(async () => answers.shift()?.() ?? searchAnswer([]));
  for (const status of [404, 400, 404]) expect((await ask(documentPath)).status).toBe(status);
});

test("two exports at once; one that was read to its end, or given up, makes room", async () => {
  const { ask } = world(() => Promise.resolve(searchAnswer([answeredHit({ offset: 1 })])));
  const [first, second] = [await ask("/logs/export"), await ask("/logs/export?format=csv")];
  expect((await ask("/logs/export")).status).toBe(429);
  expect((await ask("/logs/export", { method: "HEAD" })).status).toBe(429);
  expect(await second.text()).toStartWith("timestamp,topic");
  expect((await ask("/logs/export", { method: "HEAD" })).status).toBe(200);
  const third = await ask("/logs/export");
  expect(third.status).toBe(200);
  await first.body?.cancel();
  await third.body?.cancel();
  expect((await ask("/logs/export")).status).toBe(200);
});

test("other hosts are asked for the same words, with all their question marks", async () => {
  const asked: string[] = [];
  const fleetTails: LogRouteDeps["fleetTails"] = {
    async follow({ words }) {
      asked.push(...words.getAll("q"), ...words.getAll("filter"));
    },
  };
  const { ask } = world(undefined, { fleetTails });
  await (await ask('/logs/tail?topic=app&q="GET /x?a=b%26c"&filter=why?')).text();
  expect(asked).toEqual(['"GET /x?a=b&c"', "why?"]);
});

test.each(["/logs/tail", "/fleet/tail"])(
  "GET %s refuses a query with too much to try on each record",
  async (path) => {
    const answer = await world().ask(`${path}?topic=app&q=${"za*b+OR+".repeat(32)}x`);
    expect(answer.status).toBe(400);
    expect((await problemOf(answer))["detail"]).toContain("at most 32");
  },
);

test("no more tails than the hub takes", async () => {
  const { ask } = world();
  const tails = await Promise.all(Array.from({ length: maxTails }, () => ask("/logs/tail?topic=app")));
  await turn();
  const refused = await ask("/logs/tail?topic=app");
  expect(refused.status).toBe(429);
  expect((await problemOf(refused))["detail"]).toContain(
    "live tails at once on this host (20 with full access,",
  );
  await Promise.all(tails.map(async ({ body }) => body?.cancel()));
});

test("needs the token like all data", async () => {
  const { ask } = setUp({ token });
  for (const path of ["/logs", "/logs/document", "/logs/export", "/logs/tail"]) {
    expect((await ask(path)).status).toBe(401);
  }
  expect((await ask("/logs", { headers: bearer(token) })).status).toBe(200);
});

describe("over a connection", () => {
  test("a search ends when its client goes", async () => {
    const { searchText, asked } = slow();
    const gone = new AbortController();
    const answer = fetch(`${serve(searchText)}logs`, { signal: gone.signal }).catch(() => null);
    while (asked.length === 0) await turn();
    gone.abort();
    expect(await answer).toBeNull();
    while (asked[0]?.aborted === false) await turn();
  });

  test("a search ends when the host stops", async () => {
    const { searchText, asked } = slow();
    const answer = fetch(`${serve(searchText)}logs`);
    while (asked.length === 0) await turn();
    opened[0]?.endStreams();
    expect((await answer).status).toBe(503);
  });

  test("an export that fails on its way is cut off, not ended", async () => {
    let pages = 0;
    const url = serve(() => {
      pages += 1;
      const hits = Array.from({ length: 500 }, (_, offset) => answeredHit({ offset }));
      return pages === 1
        ? Promise.resolve(searchAnswer(hits))
        : Promise.reject(new PenstockError("elasticsearch_unavailable", "gone"));
    });
    const ended = await fetch(`${url}logs/export`)
      .then((answer) => answer.text())
      .then(
        () => "ended",
        () => "cut off",
      );
    expect(ended).toBe("cut off");
  });
});
