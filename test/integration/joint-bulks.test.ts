import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ingestBatch } from "../../functions/ingest-batch.ts";
import { createBulkGate } from "../../infra/host/bulks/bulk-gate.ts";
import { DecodeTurns } from "../../infra/host/shares/decode-turns.ts";
import { createBulkPost } from "../../infra/host/bulks/bulk-post.ts";
import type { SendBulk } from "../../infra/host/bulks/bulk-requests.ts";
import { createByteBudget } from "../../infra/host/shares/byte-budget.ts";
import { createHostCommitter } from "../../infra/host/shares/committer.ts";
import { createPump } from "../../infra/host/pump/pump.ts";
import type { Pump } from "../../infra/host/pump/pump.ts";
import { ProgressClock } from "../../infra/host/ledger/progress-clock.ts";
import { createElasticsearch, type Elasticsearch } from "../../lib/adapters/elasticsearch/client.ts";
import { Tenure } from "../../lib/adapters/kafka/group/member/tenure.ts";
import { systemTime } from "../../lib/adapters/system/system-time.ts";
import type { Specification } from "../../lib/rules/model/declaration.ts";
import { OutcomeMemory } from "../../lib/rules/outcomes/outcome-memory.ts";
import { sleep } from "../../lib/rules/base/time.ts";
import { testElasticsearch, type TestElasticsearch } from "../support/elasticsearch.ts";
import { eventually } from "../support/eventually.ts";
import { sourceRecord, specification } from "../support/records.ts";
import { settings } from "../support/settings.ts";
import { testStack } from "../support/stack.ts";
import { concrete, lookedUpAt } from "../support/looked-up.ts";

const HEALTHY = 50;
const ROUNDS = 60;
const ROUND_MS = 50;
/** The allowed delay of records that once shared a bulk with a hung shard. */
const COMPANY_MS = 2_000;
const limits = { maxDocuments: 2000, maxBytes: 5_000_000, concurrency: 4 };

let elasticsearch: Elasticsearch;
let direct: TestElasticsearch;
let prefix: string;

beforeAll(async () => {
  const { elasticsearchNode } = await testStack();
  direct = testElasticsearch(elasticsearchNode);
  const { elasticsearch: defaults } = settings();
  elasticsearch = createElasticsearch({ ...defaults, nodes: [elasticsearchNode] });
  prefix = `joint-${crypto.randomUUID().slice(0, 8)}`;
  for (let n = 0; n < HEALTHY; n += 1) await makeIndex(`${prefix}-well-${n}`);
}, 480_000);

afterAll(async () => {
  await direct.request("DELETE", `/${prefix}-*?expand_wildcards=all`);
  await elasticsearch.close();
}, 240_000);

async function makeIndex(name: string, own: object = {}): Promise<void> {
  await direct.demand("PUT", `/${name}?wait_for_active_shards=0`, {
    settings: { number_of_shards: 1, number_of_replicas: 0, ...own },
  });
}

interface TopicUnderTest {
  readonly pump: Pump;
  /** Sends one more record. */
  send(): void;
  /** The time from each record to its outcome. */
  readonly latenciesMs: number[];
  readonly outcomes: (string | null)[];
}

/** A host's pumps, without Kafka. */
function createWorld() {
  const requests: { operations: number; indices: readonly string[] }[] = [];
  const send: SendBulk = (body, how) => {
    requests.push({
      operations: how.operations,
      indices: typeof how.pattern === "string" ? [how.pattern] : how.pattern,
    });
    return elasticsearch.bulk(body, how);
  };
  const gate = createBulkGate(limits.concurrency);
  const post = createBulkPost({
    checkTenures: () => true,
    send,
    gate,
    limits: () => limits,
    turns: new DecodeTurns(),
    time: systemTime,
  });
  const budget = createByteBudget({ maxBytes: 64e6, readAhead: 16e6 });
  const committer = createHostCommitter({ commit: () => Promise.resolve(new Map()), time: systemTime });
  const topics: TopicUnderTest[] = [];

  const addTopic = (changes: Partial<Specification>): TopicUnderTest => {
    const spec = specification(changes);
    const latenciesMs: number[] = [];
    const outcomes: (string | null)[] = [];
    const sentAt: number[] = [];
    const pump = createPump({
      ingest: (records, { number, proven, doubt, bulk }, signal) =>
        ingestBatch(
          { spec, records, attempt: number, proven, doubt, limits },
          { bulk, deadLetters: { store: () => Promise.resolve() }, now: Date.now, signal },
        ),
      post,
      committer,
      share: budget.join(() => {}),
      clock: new ProgressClock(),
      memory: new OutcomeMemory(),
      before: concrete,
      limits: () => limits,
      time: systemTime,
      events: {
        consumed() {},
        outcomes(some) {
          for (const outcome of some) {
            outcomes.push(outcome);
            if (outcome !== null) latenciesMs.push(performance.now() - (sentAt[latenciesMs.length] ?? 0));
          }
        },
        retried() {},
        gaveWay() {},
        setAside() {},
        commitFailed() {},
        broken(error) {
          throw error;
        },
      },
    });
    const tenure = new Tenure(spec.topic, 0);
    const source = { seek() {}, letGo() {}, heardAtMs: null };
    pump.own([{ ...lookedUpAt(tenure, 0), source }]);
    const topic: TopicUnderTest = {
      pump,
      latenciesMs,
      outcomes,
      send() {
        const offset = sentAt.length;
        sentAt.push(performance.now());
        const record = sourceRecord(`line ${offset}`, { offset });
        if (!pump.take(tenure, { records: [record], start: offset, end: offset + 1 }))
          throw new Error(`record ${offset} was not taken`);
      },
    };
    topics.push(topic);
    return topic;
  };

  return {
    requests,
    addTopic,
    close() {
      for (const { pump } of topics) pump.close();
      committer.close();
      post.close();
    },
  };
}

/** One record of each topic per round. */
async function play(topics: readonly TopicUnderTest[]): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const topic of topics) topic.send();
    await sleep(systemTime, ROUND_MS);
  }
}

function quantile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? 0;
}

async function latencies(isSickBeside: boolean): Promise<number[]> {
  const world = createWorld();
  const well = Array.from({ length: HEALTHY }, (_, n) =>
    world.addTopic({ topic: `${isSickBeside ? "b" : "a"}-${n}`, index: `${prefix}-well-${n}` }),
  );
  // Each of them has proved healthy with its own bulk.
  for (const topic of well) topic.send();
  await eventually("all have an outcome", () => well.every(({ latenciesMs }) => latenciesMs.length === 1));
  const sick = isSickBeside
    ? ["unallocated", "blocked", "failing"].map((name) =>
        world.addTopic({
          topic: name,
          index: `${prefix}-${name}`,
          pipeline: name === "failing" ? `${prefix}-fails` : null,
        }),
      )
    : [];
  await play([...well, ...sick]);
  await eventually("all well ones have their outcomes", () =>
    well.every(({ latenciesMs }) => latenciesMs.length === ROUNDS + 1),
  );
  for (const { outcomes } of sick) expect(outcomes.filter((outcome) => outcome !== null)).toEqual([]);
  for (const { outcomes } of well)
    expect(outcomes.filter((outcome) => outcome === "dead-lettered" || outcome === "skipped")).toEqual([]);
  const { requests } = world;
  const joint = requests.filter(({ indices }) => indices.length > 1);
  expect(joint.flatMap(({ indices }) => indices).filter((index) => !index.includes("-well-"))).toEqual([]);
  process.stdout.write(
    `${isSickBeside ? "beside three sick ones" : "alone"}: ${requests.length} requests, ${joint.length} of them joint with ${(
      joint.reduce((sum, { operations }) => sum + operations, 0) / joint.length
    ).toFixed(1)} records each\n`,
  );
  world.close();
  return well.flatMap(({ latenciesMs }) => latenciesMs.slice(1));
}

describe("common bulks of a real Elasticsearch", () => {
  test("a shard that cannot be allocated, a blocked index and a failing pipeline delay nobody else", async () => {
    await makeIndex(`${prefix}-unallocated`, { "index.routing.allocation.require._name": "nope" });
    await makeIndex(`${prefix}-blocked`, { "index.blocks.write": true });
    await makeIndex(`${prefix}-failing`);
    await direct.request("PUT", `/_ingest/pipeline/${prefix}-fails`, {
      processors: [{ fail: { message: "no" } }],
    });
    const alone = await latencies(false);
    const beside = await latencies(true);
    const told = [alone, beside].map((all) => [0.5, 0.99, 1].map((part) => Math.round(quantile(all, part))));
    process.stdout.write(`p50, p99, most: alone ${told[0]?.join()} ms, beside ${told[1]?.join()} ms\n`);
    expect(quantile(beside, 1)).toBeLessThan(COMPANY_MS + 1_000);
    expect(quantile(beside, 0.99)).toBeLessThan(quantile(alone, 0.99) * 3 + 500);
    await direct.request("DELETE", `/_ingest/pipeline/${prefix}-fails`);
  }, 480_000);
});
