import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startTestHost } from "../support/host.ts";
import { landInFlight, whereAre, type Landed } from "../support/in-flight.ts";
import { uniqueName } from "../support/kafka.ts";
import { useStack } from "../support/stack-clients.ts";

const run = uniqueName("target");
/** Noon of a day that dated indices are named after. */
const NOON = Date.UTC(2026, 0, 2, 12);

/*
 * In each test a host is killed after Elasticsearch has written records that the host never heard of. Then the target
 * changes, and another host sends on.
 */
describe("a target that changes while records are in flight", () => {
  const servers = useStack();

  beforeAll(async () => {
    const properties = {
      "kafka.topic": { type: "keyword" },
      "kafka.partition": { type: "integer" },
      "kafka.offset": { type: "long" },
    };
    const template = { settings: { number_of_replicas: 0 }, mappings: { subobjects: false, properties } };
    await servers.elasticsearch.demand("PUT", `/_index_template/${run}`, {
      index_patterns: [`${run}-*`],
      priority: 500,
      template,
    });
  });
  afterAll(() => servers.elasticsearch.demand("DELETE", `/_index_template/${run}`));

  /** An alias with one index, `…-000001`. */
  async function makeAlias(name: string): Promise<void> {
    await servers.elasticsearch.demand("PUT", `/${name}-000001`, {
      aliases: { [name]: { is_write_index: true } },
    });
  }

  /** Some records were in flight, each exists once, and none is missing. */
  function expectOnce({ unknown, doubled, missing }: Landed): void {
    expect(unknown).toBeGreaterThan(0);
    expect({ doubled: doubled.length, missing }).toEqual({
      doubled: 0,
      missing: { committed: 0, others: [] },
    });
  }

  test.concurrent("an alias is rolled over", async () => {
    const topic = `${run}-rolled`;
    await makeAlias(topic);
    const landed = await landInFlight(servers, {
      topic,
      searched: `${topic}-*`,
      change: () => servers.elasticsearch.demand("POST", `/${topic}/_rollover`),
    });
    expectOnce(landed);
    expect(new Set([...landed.indicesOf.values()].flat()).size).toBe(2);
  }, 720_000);

  for (const kept of [true, false]) {
    test.concurrent(`an alias is moved by hand; the old index ${kept ? "stays in it" : "is taken out of it"}`, async () => {
      const topic = `${run}-${kept ? "kept" : "out"}`;
      await makeAlias(topic);
      const old = { index: `${topic}-000001`, alias: topic };
      const landed = await landInFlight(servers, {
        topic,
        searched: `${topic}-*`,
        async change() {
          await servers.elasticsearch.demand("PUT", `/${topic}-other`);
          await servers.elasticsearch.demand("POST", "/_aliases", {
            actions: [
              kept ? { add: { ...old, is_write_index: false } } : { remove: old },
              { add: { index: `${topic}-other`, alias: topic, is_write_index: true } },
            ],
          });
        },
      });
      expectOnce(landed);
      expect(new Set([...landed.indicesOf.values()].flat()).size).toBe(2);
    }, 720_000);
  }

  test.concurrent("the index that they went to is deleted, as by a lifecycle: what was not committed is written again", async () => {
    const topic = `${run}-deleted`;
    await makeAlias(topic);
    const landed = await landInFlight(servers, {
      topic,
      searched: `${topic}-*`,
      async change() {
        await servers.elasticsearch.demand("POST", `/${topic}/_rollover`);
        await servers.elasticsearch.demand("DELETE", `/${topic}-000001`);
      },
    });
    expect(landed.unknown).toBeGreaterThan(0);
    expect({ doubled: landed.doubled, missing: landed.missing.others }).toEqual({ doubled: [], missing: [] });
    const before = landed.committed.values().reduce((sum, offset) => sum + offset, 0);
    expect(landed.missing.committed).toBe(before);
  }, 720_000);

  test.concurrent("their only index is deleted: what was not committed is written again", async () => {
    const topic = `${run}-gone`;
    const landed = await landInFlight(servers, {
      topic,
      searched: topic,
      change: () => servers.elasticsearch.demand("DELETE", `/${topic}`),
    });
    expect(landed.unknown).toBeGreaterThan(0);
    expect({ doubled: landed.doubled, missing: landed.missing.others }).toEqual({ doubled: [], missing: [] });
  }, 720_000);

  test.concurrent("a day of a dated index is an alias, and is rolled over", async () => {
    const topic = `${run}-daily`;
    const day = `${topic}-2026.01.02`;
    await makeAlias(day);
    const landed = await landInFlight(servers, {
      topic,
      declared: { index: `${topic}-{yyyy.MM.dd}` },
      timestamp: NOON,
      searched: `${topic}-*`,
      change: () => servers.elasticsearch.demand("POST", `/${day}/_rollover`),
    });
    expectOnce(landed);
    expect(new Set([...landed.indicesOf.values()].flat()).size).toBe(2);
  }, 720_000);

  test.concurrent("the write index is blocked, and the alias rolled over: nothing becomes a dead letter", async () => {
    const topic = `${run}-blocked`;
    await makeAlias(topic);
    const landed = await landInFlight(servers, {
      topic,
      searched: `${topic}-*`,
      async change() {
        await servers.elasticsearch.demand("PUT", `/${topic}-000001/_block/write`);
        await servers.elasticsearch.demand("POST", `/${topic}/_rollover`);
      },
    });
    expectOnce(landed);
  }, 720_000);

  for (const how of ["closed", "blocked"] as const) {
    test.concurrent(`the write index is ${how} while a host writes: it waits until the alias is rolled over`, async () => {
      const topic = `${run}-live-${how}`;
      await makeAlias(topic);
      await servers.kafka.createTopic(topic, 2);
      const produce = (): Promise<void> =>
        servers.kafka.produce(
          topic,
          Array.from({ length: 500 }, (_, n) => ({ value: `line ${n}`, partition: n % 2 })),
        );
      await produce();
      const dead = `${topic}.dead`;
      await using host = await startTestHost({
        ...servers.config,
        deadLetters: { topic: dead },
        topics: [topic],
      });
      await host.untilCaughtUp(topic, 2, 60_000);
      await (how === "closed"
        ? servers.elasticsearch.demand("POST", `/${topic}-000001/_close`)
        : servers.elasticsearch.demand("PUT", `/${topic}-000001/_block/write`));
      await produce();
      // The topic's name has the word too.
      await host.untilTopic(
        topic,
        "says why it waits",
        ({ reason }) => reason?.replaceAll(topic, "").includes(how) === true,
      );
      await servers.elasticsearch.demand("POST", `/${topic}/_rollover`);
      const { counts } = await host.untilTopic(
        topic,
        "has committed all",
        ({ partitions }) => partitions.length === 2 && partitions.every(({ committed }) => committed === 500),
        60_000,
      );
      if (how === "closed")
        await servers.elasticsearch.demand("POST", `/${topic}-000001/_open?wait_for_active_shards=1`);
      const landed = await whereAre(servers, topic, `${topic}-*`, new Map<number, number>());
      expect(landed).toMatchObject({ doubled: [], missing: { committed: 0, others: [] } });
      expect(counts.indexed + counts.duplicate).toBeGreaterThanOrEqual(1_000);
      expect(counts.deadLettered).toBe(0);
    }, 720_000);
  }

  test.concurrent("a topic moves from dated indices to a data stream", async () => {
    const topic = `${run}-moved`;
    const landed = await landInFlight(servers, {
      topic,
      declared: { index: `${topic}-{yyyy.MM.dd}` },
      declaredAfter: { dataStream: `stream-${topic}` },
      timestamp: NOON,
      searched: `*${topic}*`,
      change: () => Promise.resolve(),
    });
    expectOnce(landed);
    expect([...new Set([...landed.indicesOf.values()].flat())].toSorted()).toEqual([
      expect.stringMatching(/^\.ds-/),
      `${topic}-2026.01.02`,
    ]);
  }, 720_000);
});
