import { expect, test } from "bun:test";
import type { RebuildTopicInput } from "../../../../../functions/rebuild-topic.ts";
import type { RewindInput, RewindResult } from "../../../../../functions/rewind-topic.ts";
import { PenstockError } from "../../../../../lib/rules/base/errors.ts";
import { problemOf, setUp } from "../fixture.ts";

const result = (action: RewindResult["action"]): RewindResult => ({
  topic: "app",
  action,
  message: 'topic "app" has moved',
  partitions: [{ partition: 0, from: 90, to: 20, records: 70 }],
  again: 70,
  skipped: 0,
  waiting: action === "waiting" ? [0] : [],
});

/** Answers with this, and keeps what it was asked. */
function world(answer: RewindResult | Error = result("moved")) {
  const asked: RewindInput[] = [];
  const { ask } = setUp(
    {},
    {
      rewind(input) {
        asked.push(input);
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
    },
  );
  const post = (body: unknown, path = "/topics/app/rewind") =>
    ask(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  return { asked, post };
}

test("a rewind is given with its defaults, and answered with where each partition went", async () => {
  const { asked, post } = world();
  const answer = await post({ to: "earliest" });
  expect([answer.status, await answer.json()]).toEqual([200, result("moved")]);
  await post({ to: { 0: 17 }, dryRun: true, partition: 3 }, "/topics/my.app/rewind");
  const by = "a client at an unknown address";
  expect(asked).toEqual([
    { topic: "app", to: { kind: "earliest" }, partition: null, dryRun: false, by },
    {
      topic: "my.app",
      to: { kind: "offsets", offsets: new Map([[0, 17]]) },
      partition: 3,
      dryRun: true,
      by,
    },
  ]);
});

test.each([
  [{}, "to is neither a text, an offset nor offsets by partition."],
  [{ to: { 0: -1 } }, "to must be a whole number from 0"],
  [{ to: { 0: 1e30 } }, "to must be a whole number from 0"],
  [{ to: "earliest", partition: -1 }, "partition must be a whole number from 0"],
  [{ to: "yesterday" }, 'to "yesterday" is neither earliest, latest, a time'],
  [{ to: "earliest", dryrun: true }, 'Unknown parameter "dryrun"'],
  [{ to: "earliest", dryRun: "yes" }, "dryRun"],
])("%j: 400, and nothing is ordered", async (body, reason) => {
  const { asked, post } = world();
  const answer = await post(body);
  expect(answer.status).toBe(400);
  expect((await problemOf(answer))["detail"]).toContain(reason);
  expect(asked).toEqual([]);
});

test.each([
  [result("waiting"), 202],
  [result("refused"), 409],
  [result("superseded"), 409],
  [new PenstockError("topic_missing", 'topic "app" does not exist in Kafka'), 404],
  [new PenstockError("usage", "offset 5 is not in Kafka"), 400],
  [new PenstockError("kafka_unavailable", "Kafka does not answer"), 503],
  [new PenstockError("kafka_refused", "Kafka refuses reading it"), 503],
])("%p: %p", async (outcome, status) =>
  expect((await world(outcome).post({ to: "latest" })).status).toBe(status),
);

/** The same of a rebuild. */
function rebuilding(answer: Error | null = null) {
  const asked: RebuildTopicInput[] = [];
  const { ask } = setUp(
    {},
    {
      async rebuild(input) {
        asked.push(input);
        if (answer !== null) throw answer;
        return { message: "Done.", status: null };
      },
    },
  );
  const post = (body: unknown) =>
    ask("/topics/app/rebuild", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  return { asked, post };
}

test("who orders a rebuild is the client, unless it gives a name, as with a hold", async () => {
  const { asked, post } = rebuilding();
  expect((await post({ index: "app-2" })).status).toBe(200);
  await post({ action: "swap", by: " " });
  await post({ action: "finish", by: " alice " });
  const client = "a client at an unknown address";
  expect(asked).toEqual([
    { topic: "app", action: "begin", index: "app-2", force: false, by: client },
    { topic: "app", action: "swap", index: null, force: false, by: client },
    { topic: "app", action: "finish", index: null, force: false, by: "alice" },
  ]);
  const long = await post({ index: "app-2", by: "x".repeat(101) });
  expect([long.status, (await problemOf(long))["detail"]]).toEqual([
    400,
    expect.stringContaining("must have at most 100 characters"),
  ]);
  expect(asked).toHaveLength(3);
});

test.each([
  ["topic_missing", true, 404],
  ["usage", false, 400],
  ["deadline_exceeded", true, 504],
  ["kafka_unavailable", true, 503],
  ["kafka_refused", false, 502],
] as const)("a rebuild that ends with %s (retryable: %p) is answered %d", async (code, retryable, status) => {
  const { post } = rebuilding(new PenstockError(code, "it is so", { retryable }));
  expect((await post({ index: "app-2" })).status).toBe(status);
});
