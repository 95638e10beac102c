import { expect, test } from "bun:test";
import type { ReadRecordsInput, ReadRecordsResult } from "../../../../../../functions/read-records.ts";
import { type ErrorCode, PenstockError } from "../../../../../../lib/rules/base/errors.ts";
import type { HttpDeps } from "../../../../../../infra/host/http/app.ts";
import { bearer, problemOf, setUp, token } from "../../fixture.ts";

const readOnlyToken = "a-token-that-may-only-look";
const refused = () => Promise.reject(new Error("no test asked for it"));
const result: ReadRecordsResult = {
  topic: "app",
  partition: 0,
  logStart: 0,
  lastStableOffset: 0,
  highWatermark: 0,
  entries: [],
  next: 0,
};

function world(records: HttpDeps["kafka"]["records"]) {
  const kafka = { isOurs: (topic: string) => topic === "app", explain: refused, topics: refused, records };
  return setUp({ token, readOnlyToken }, { kafka });
}

test("what is asked reaches the reader: an offset, a time, or neither", async () => {
  const asked: ReadRecordsInput["from"][] = [];
  const { ask, inForce } = world(async ({ from }) => {
    asked.push(from);
    return result;
  });
  inForce.now = 60_000;
  for (const place of ["&offset=7", "&from=now-1m", ""])
    expect((await ask(`/records?topic=app&partition=0${place}`, { headers: bearer(token) })).status).toBe(
      200,
    );
  expect(asked).toEqual([{ kind: "offset", offset: 7 }, { kind: "time", atMs: 0 }, null]);
});

test("the read-only token sees declared topics only, and nobody those of Kafka itself", async () => {
  const { ask } = world(async () => result);
  const status = async (topic: string, by: string) => {
    const answers = ["/records?", "/records/explanation?offset=0&"].map(async (path) => {
      const answer = await ask(`${path}topic=${topic}&partition=0`, { headers: bearer(by) });
      return answer.status === 403 ? String((await problemOf(answer))["detail"]) : answer.status;
    });
    return Promise.all(answers);
  };
  const [own, foreign] = await Promise.all([
    status("__consumer_offsets", token),
    status("other", readOnlyToken),
  ]);
  for (const detail of own) expect(detail).toContain("Kafka's own");
  for (const detail of foreign) expect(detail).toContain("the read-only token shows declared topics only");
  expect((await status("app", readOnlyToken))[0]).toBe(200);
  expect((await status("other", token))[0]).toBe(200);
});

test("the read-only token sees the names of all topics", async () => {
  const listed = {
    total: 1,
    undeclared: 1,
    found: 1,
    topics: [{ topic: "other", partitions: 1, declared: false, own: false, records: 7 }],
  };
  const kafka = { isOurs: () => false, explain: refused, records: refused, topics: async () => listed };
  const { ask } = setUp({ token, readOnlyToken }, { kafka });
  const answer = await ask("/kafka/topics", { headers: bearer(readOnlyToken) });
  expect(await answer.json()).toEqual(listed);
});

test.each([
  ["topic_missing", 404],
  ["usage", 400],
  ["kafka_refused", 403],
  ["kafka_unavailable", 503],
  ["deadline_exceeded", 504],
] satisfies [ErrorCode, number][])("%s is answered %i", async (code, status) => {
  const { ask } = world(() => Promise.reject(new PenstockError(code, "it is so")));
  const answer = await ask("/records?topic=app&partition=0", { headers: bearer(token) });
  expect(answer.status).toBe(status);
  expect((await problemOf(answer))["detail"]).toBe("it is so.");
});

test("two read at once; the third is refused, and served once one has ended", async () => {
  const waiting: (() => void)[] = [];
  const { ask } = world(
    () => new Promise<ReadRecordsResult>((resolve) => waiting.push(() => resolve(result))),
  );
  const one = () => ask("/records?topic=app&partition=0", { headers: bearer(token) });
  const asked = [one(), one()];
  const third = await one();
  expect([third.status, third.headers.get("retry-after")]).toEqual([429, "2"]);
  waiting.shift()?.();
  await asked[0];
  const again = one();
  for (const answer of waiting.splice(0)) answer();
  await Promise.all(asked);
  for (const answer of waiting.splice(0)) answer();
  expect((await again).status).toBe(200);
});
