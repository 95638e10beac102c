import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { createMonitor } from "../../../../infra/host/observe/monitor.ts";
import { messageOf, PenstockError } from "../../../../lib/rules/base/errors.ts";
import { advance, flush } from "../../../support/fake-time.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

function setUp() {
  const world = {
    topics: ["a"] as readonly string[] | Error | Promise<never>,
    elasticsearch: null as Error | null,
    now: 0,
    rounds: 0,
  };
  const changes: string[] = [];
  const troubles: string[] = [];
  const monitor = createMonitor({
    now: () => world.now,
    onTopics() {},
    onKafkaTrouble: (error) => void troubles.push(messageOf(error)),
    onChange: (reason) => void changes.push(reason),
    async listTopics(signal) {
      world.rounds += 1;
      if (world.topics instanceof Error) throw world.topics;
      if (world.topics instanceof Promise) {
        await new Promise((_, reject) =>
          signal.addEventListener("abort", () => reject(new Error("gave up"))),
        );
        return new Set();
      }
      return new Set(world.topics);
    },
    async probeElasticsearch() {
      if (world.elasticsearch !== null) throw world.elasticsearch;
    },
  });
  return { world, changes, troubles, monitor };
}

test("says that it has not asked yet, and asks at once", async () => {
  const { monitor } = setUp();
  expect(monitor.kafka).toEqual({ ok: false, reason: "not asked yet", since: null });
  await flush();
  const since = "1970-01-01T00:00:00.000Z";
  expect(monitor.kafka).toEqual({ ok: true, reason: null, since });
  expect(monitor.elasticsearch).toEqual({ ok: true, reason: null, since });
  await monitor.stop();
});

test("tells since when a server does not answer, one apart from the other", async () => {
  const { monitor, world } = setUp();
  await flush();
  world.elasticsearch = new Error("refused");
  world.now = 5_000;
  await advance(2_000);
  world.now = 9_000;
  await advance(2_000);
  expect(monitor.elasticsearch).toEqual({ ok: false, reason: "refused", since: "1970-01-01T00:00:05.000Z" });
  expect(monitor.kafka).toMatchObject({ ok: true, since: "1970-01-01T00:00:00.000Z" });
  await monitor.stop();
});

test("a change of topics is told, in whatever order they are listed", async () => {
  const { monitor, world, changes } = setUp();
  await flush();
  world.topics = ["b", "a"];
  await advance(2_000);
  expect(changes).toEqual(["the topics in Kafka changed"]);
  world.topics = ["a", "b"];
  await advance(2_000);
  expect(changes).toHaveLength(1);
  world.topics = ["b"];
  await advance(2_000);
  expect(changes).toHaveLength(2);
  await monitor.stop();
});

test("a server that answers again is told, also one that did not from the start", async () => {
  const { monitor, world, changes } = setUp();
  world.topics = new Error("no broker");
  world.elasticsearch = new Error("refused");
  await flush();
  await advance(2_000);
  world.topics = ["a"];
  world.elasticsearch = null;
  await advance(2_000);
  expect(changes).toEqual(["Kafka answers again", "Elasticsearch answers again"]);
  await advance(4_000);
  expect(changes).toHaveLength(2);
  await monitor.stop();
});

test("Kafka that hangs is given up after 5 s, and asked once more: it may have been one broker", async () => {
  const { monitor, world } = setUp();
  await flush();
  world.topics = new Promise<never>(() => {});
  await advance(6_900);
  world.topics = ["a"];
  await advance(1_000);
  expect([monitor.kafka.ok, world.rounds]).toEqual([true, 3]);
  world.topics = new Promise<never>(() => {});
  await advance(10_900);
  expect(monitor.kafka.ok).toBe(true);
  await advance(1_500);
  expect(monitor.kafka).toMatchObject({ ok: false, reason: "gave up" });
  await monitor.stop();
});

test("stopping ends a question under way, and asks no more", async () => {
  const { monitor, world } = setUp();
  await flush();
  world.topics = new Promise<never>(() => {});
  await advance(2_100);
  await monitor.stop();
  const { rounds } = world;
  await advance(10_000, 1_000);
  expect(world.rounds).toBe(rounds);
});

test("a refusal is not asked for twice", async () => {
  const { world, monitor } = setUp();
  await flush();
  world.topics = new PenstockError("kafka_refused", "wrong password");
  await advance(2_000);
  expect([monitor.kafka.reason, world.rounds]).toEqual(["wrong password", 2]);
  await monitor.stop();
});

test("passes on each time why Kafka cannot be asked, and nothing while it can", async () => {
  const { world, troubles, monitor } = setUp();
  await flush();
  world.topics = new Error("wants a login");
  await advance(2_000);
  await advance(2_000);
  expect(troubles).toEqual(["wants a login", "wants a login"]);
  world.topics = ["a"];
  await advance(2_000);
  expect(troubles).toHaveLength(2);
  await monitor.stop();
});

test("a long list of topics is asked for less often, as long as Kafka answers", async () => {
  const { monitor, world } = setUp();
  world.topics = Array.from({ length: 4_500 }, (_, n) => `t${n}`);
  await advance(2_000);
  const listed = world.rounds;
  await advance(4_000);
  expect(world.rounds).toBe(listed);
  await advance(2_000);
  expect(world.rounds).toBe(listed + 1);
  world.topics = new Error("gone");
  await advance(6_000);
  const before = world.rounds;
  await advance(4_000);
  expect(world.rounds - before).toBeGreaterThanOrEqual(2);
  await monitor.stop();
});
