import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eventually } from "../../support/eventually.ts";
import { startTestHost, type TestHost } from "../../support/host.ts";
import { uniqueName } from "../../support/kafka.ts";
import { readTopic } from "../../support/read-topic.ts";
import type { DisturbedWorld } from "./world.ts";

type Ask = (method: string, path: string, body?: object) => Promise<unknown>;

interface Refusal {
  readonly name: string;
  /** Of the topic's declaration. */
  readonly declared?: (index: string) => object;
  /** Makes Elasticsearch refuse everything sent to the index. */
  readonly refuse: (ask: Ask, index: string) => Promise<unknown>;
  readonly mend: (ask: Ask, index: string) => Promise<unknown>;
  /** Of the line in the log. */
  readonly code: string;
  readonly says: string;
}

const settings =
  (value: object, path = "_settings") =>
  (ask: Ask, index: string): Promise<unknown> =>
    ask("PUT", `/${index}/${path}`, value);
const cluster =
  (name: string, value: unknown) =>
  (ask: Ask): Promise<unknown> =>
    ask("PUT", "/_cluster/settings", { persistent: { [name]: value } });
const created = async (ask: Ask, index: string): Promise<unknown> => ask("PUT", `/${index}`);
/** Runs one after another. */
const both =
  (...steps: ((ask: Ask, index: string) => Promise<unknown>)[]) =>
  async (ask: Ask, index: string): Promise<void> => {
    for (const step of steps) await step(ask, index);
  };

const refusals: readonly Refusal[] = [
  {
    name: "an index that is read-only because the disk is full (flood stage)",
    refuse: both(created, settings({ "index.blocks.read_only_allow_delete": true })),
    mend: settings({ "index.blocks.read_only_allow_delete": null }),
    code: "cluster_block",
    says: "flood-stage watermark",
  },
  {
    name: "an index with a write block set by an operator",
    refuse: both(created, settings({ "index.blocks.write": true })),
    mend: settings({ "index.blocks.write": null }),
    code: "cluster_block",
    says: "FORBIDDEN/8/index write",
  },
  {
    name: "a closed index",
    refuse: both(created, (ask, index) => ask("POST", `/${index}/_close`)),
    mend: (ask, index) => ask("POST", `/${index}/_open`),
    code: "cluster_block",
    says: "closed",
  },
  {
    name: "a missing index that must not be created",
    refuse: cluster("action.auto_create_index", "false"),
    mend: cluster("action.auto_create_index", null),
    code: "not_found",
    says: "no such index",
  },
  {
    name: "a block of the whole cluster, also for a dated index",
    declared: (index) => ({ index: `${index}-{yyyy.MM.dd}` }),
    refuse: cluster("cluster.blocks.read_only", true),
    mend: cluster("cluster.blocks.read_only", null),
    code: "cluster_block",
    says: "FORBIDDEN/6/cluster read-only",
  },
  {
    name: "an index that exceeds the cluster's shard limit",
    refuse: cluster("cluster.max_shards_per_node", 1),
    mend: cluster("cluster.max_shards_per_node", null),
    code: "other",
    says: "this action would add [",
  },
  {
    name: "an ingest pipeline that does not exist",
    declared: (index) => ({ pipeline: `${index}-pipeline` }),
    refuse: async () => {},
    mend: (ask, index) => ask("PUT", `/_ingest/pipeline/${index}-pipeline`, { processors: [] }),
    code: "other",
    says: "pipeline with id [",
  },
  {
    name: "an alias of two indices, neither of which is the write index",
    refuse: async (ask, index) => {
      for (const one of ["a", "b"]) await ask("PUT", `/${index}-${one}`, { aliases: { [index]: {} } });
    },
    mend: (ask, index) =>
      ask("POST", "/_aliases", {
        actions: [{ add: { index: `${index}-b`, alias: index, is_write_index: true } }],
      }),
    code: "other",
    says: "no write index is defined for alias",
  },
];

const RECORDS = 20;

export function describeRefusals(world: DisturbedWorld): void {
  describe("Elasticsearch refuses for reasons other than the records: nothing is committed or dead-lettered, and all is indexed once it is mended:", () => {
    const run = uniqueName("refusal");
    const nameOf = (n: number): string => `${run}.${n}`;
    const lines = Array.from({ length: RECORDS }, (_, n) => ({ value: `line ${n}` }));
    const servers = world.useClients();
    let host: TestHost;

    beforeAll(async () => {
      await Promise.all(refusals.map((_, n) => servers.kafka.createTopic(nameOf(n))));
      host = await startTestHost({
        ...servers.config,
        topics: refusals.map(({ declared }, n) => ({ topic: nameOf(n), ...declared?.(nameOf(n)) })),
      });
    }, 720_000);
    afterAll(() => host?.[Symbol.asyncDispose]());

    const ask: Ask = (...asked) => servers.elasticsearch.demand(...asked);

    for (const [n, { name, refuse, mend, code, says }] of refusals.entries()) {
      test(
        name,
        async () => {
          const topic = nameOf(n);
          await host.untilTopic(topic, "runs", ({ state }) => state === "running");
          await refuse(ask, topic);
          try {
            await servers.kafka.produce(topic, lines);
            const isRetried = (entry: Readonly<Record<string, unknown>>): boolean =>
              entry["msg"] === "records are retried" && entry["topic"] === topic && entry["reason"] === code;
            // A busy server may first have been too late.
            const line = await eventually("the log says so", () =>
              host.log().find((entry) => isRetried(entry) && String(entry["error"]).includes(says)),
            );
            expect(line["records"]).toBe(RECORDS);
            const status = (await host.topics()).find((entry) => entry.topic === topic);
            expect(status).toMatchObject({
              counts: { indexed: 0, duplicate: 0, deadLettered: 0, skipped: 0 },
              partitions: [{ lag: RECORDS }],
            });
            const committed = await servers.kafka.committed(servers.config.kafka.group, topic);
            expect(committed.get(0) ?? -1).toBeLessThanOrEqual(0);
          } finally {
            await mend(ask, topic);
          }
          const { counts } = await host.untilTopic(
            topic,
            "has caught up",
            ({ partitions }) => partitions[0]?.committed === RECORDS,
          );
          expect(counts).toEqual({ indexed: RECORDS, duplicate: 0, deadLettered: 0, skipped: 0 });
          expect(await servers.elasticsearch.count(`${topic}*`)).toBe(RECORDS);
        },
        240_000,
      );
    }

    for (const [name, close, code] of [
      ["closed", (index: string) => ask("POST", `/${index}/_close`), "index_closed_exception"],
      [
        "blocked for writing",
        (index: string) => ask("PUT", `/${index}/_settings`, { "index.blocks.write": true }),
        "cluster_block_exception",
      ],
    ] as const) {
      test(`only a dated index that is ${name} makes dead letters: its day is over, and the next one continues`, async () => {
        const topic = uniqueName("dated");
        await servers.kafka.createTopic(topic);
        await ask("PUT", `/${topic}-2026.01.02`);
        await close(`${topic}-2026.01.02`);
        const deadLetters = { topic: uniqueName("dead") };
        await using dated = await startTestHost({
          ...servers.config,
          deadLetters,
          topics: [{ topic, index: `${topic}-{yyyy.MM.dd}` }],
        });
        const at = (day: number) => ({ value: `of day ${day}`, timestamp: String(Date.UTC(2026, 0, day)) });
        await servers.kafka.produce(topic, [at(2), at(3), at(2), at(3)]);
        const { counts } = await dated.untilTopic(
          topic,
          "has caught up",
          ({ partitions }) => partitions[0]?.committed === 4,
        );
        expect(counts).toEqual({ indexed: 2, duplicate: 0, deadLettered: 2, skipped: 0 });
        expect(await servers.elasticsearch.count(`${topic}-2026.01.03`)).toBe(2);
        const [letter] = await readTopic(servers.kafka.brokers, deadLetters.topic, 2);
        const type = letter?.headers.find((header) => header.name === "penstock.error.type")?.value;
        expect(String(type)).toBe(code);
      }, 240_000);
    }
  });
}
