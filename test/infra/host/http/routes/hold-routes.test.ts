import { expect, test } from "bun:test";
import type { HoldInput, HoldResult } from "../../../../../functions/hold-topics.ts";
import { PenstockError } from "../../../../../lib/rules/base/errors.ts";
import { bearer, problemOf, setUp, token } from "../fixture.ts";

const held: HoldResult = {
  topic: "app",
  action: "held",
  message: 'topic "app" is held',
  hold: { from: "order", by: "alice", since: "2026-11-22T12:00:00.000Z", reason: null },
  waiting: [],
  hosts: null,
};

function withOrders(result: HoldResult | Error = held, settings = {}) {
  const orders: HoldInput[] = [];
  const app = setUp(settings, {
    async hold(input) {
      orders.push(input);
      if (result instanceof Error) throw result;
      return [result];
    },
  });
  const post = (path: string, body: unknown = {}, headers: Record<string, string> = {}) =>
    app.ask(path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  return { ...app, orders, post };
}

test("an order carries who and why; without a name, the client", async () => {
  const { orders, post, ask } = withOrders();
  const answer = await post("/topics/app/hold", { reason: " reindexing ", by: "alice" });
  expect([answer.status, await answer.json()]).toEqual([200, held]);
  await post("/topics/app/release", { by: "" });
  expect((await ask("/topics/app/hold", { method: "POST" })).status).toBe(200);
  expect(orders).toEqual([
    { topics: ["app"], held: true, by: "alice", reason: "reindexing" },
    { topics: ["app"], held: false, by: "a client at an unknown address", reason: null },
    { topics: ["app"], held: true, by: "a client at an unknown address", reason: null },
  ]);
});

test.each([
  ["undeclared", 404],
  ["refused", 409],
  ["superseded", 409],
] as const)(
  "an order that is %s is answered %d, with the reason and what holds the topic",
  async (action, status) => {
    const { post } = withOrders({ ...held, action, message: "it is not so" });
    const answer = await post("/topics/app/hold");
    expect(answer.status).toBe(status);
    expect(await problemOf(answer)).toMatchObject({ detail: "it is not so.", action, hold: { by: "alice" } });
  },
);

test("what is wrong with the body is named, and Kafka that is away is not the caller's fault", async () => {
  const { post, orders } = withOrders(new PenstockError("kafka_unavailable", "no broker answers"));
  const long = await post("/topics/app/hold", { reason: "x".repeat(301) });
  expect([long.status, (await problemOf(long)).detail]).toEqual([
    400,
    expect.stringContaining("at most 300"),
  ]);
  expect((await post("/topics/app/hold", { why: "x" })).status).toBe(400);
  expect((await post("/topics/app/hold", { by: 7 })).status).toBe(400);
  const release = await post("/topics/app/release", { reason: "done" });
  expect([release.status, (await problemOf(release)).detail]).toEqual([
    400,
    'Unknown parameter "reason": it must be by.',
  ]);
  expect(orders).toEqual([]);
  expect((await post("/topics/app/hold")).status).toBe(503);
});

test("the read-only token may not order anything", async () => {
  const { post, orders } = withOrders(held, { token, readOnlyToken: "only-to-look-at-things" });
  expect((await post("/topics/app/hold", {}, bearer("only-to-look-at-things"))).status).toBe(403);
  expect(orders).toEqual([]);
  expect((await post("/topics/app/hold", {}, bearer(token))).status).toBe(200);
});
