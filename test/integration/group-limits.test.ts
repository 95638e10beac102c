import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { AclOperationTypes, AclResourceTypes } from "kafkajs";
import type { TopicStatus } from "../../lib/rules/progress/status.ts";
import { diagnosed } from "../support/doctor-command.ts";
import { testElasticsearch } from "../support/elasticsearch.ts";
import { freePort } from "../support/etcd-server.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { forbid, permit, type RuledKafka, startRuledKafka } from "../support/kafka-rules.ts";
import { testStack } from "../support/stack.ts";

/** The limit of one group record here, and of the offsets in one commit: a tenth of Kafka's default. */
const RECORD_BYTES = 100_000;
/** 5,000 behave the same (239 MB), but a broker alone takes minutes to open their logs on a busy machine. */
const PARTITIONS = 2_000;

let ruled: RuledKafka;
let elasticsearchNode: string;

beforeAll(async () => {
  ({ elasticsearchNode } = await testStack());
  // The broker opens thousands of logs.
  ruled = await startRuledKafka({ properties: { "message.max.bytes": String(RECORD_BYTES) }, heapMb: 768 });
}, 480_000);
afterAll(() => ruled?.[Symbol.asyncDispose]());

const configOf = (group: string, topics: readonly unknown[]) => ({
  kafka: { brokers: [...ruled.kafka.brokers], group },
  elasticsearch: { nodes: [elasticsearchNode] },
  deadLetters: { topic: uniqueName("dead") },
  topics,
});
const text = (part: string): string => expect.stringContaining(part) as string;

async function doctorSays(config: object, check: string, wanted: object): Promise<void> {
  const { find } = await diagnosed({ ...config, http: { port: await freePort() } });
  expect(find(check)).toMatchObject(wanted);
}

async function readiness(host: TestHost, status: number): Promise<string> {
  return eventually(`readiness is ${status}`, async () => {
    const answer = await host.fetch("/readyz");
    return answer.status === status && (await answer.text());
  });
}

test("a forbidden group is reported, at the start and while running, and used once it is allowed", async () => {
  const [topic, group] = [uniqueName("limits"), uniqueName("forbidden")];
  await ruled.kafka.createTopic(topic);
  await ruled.kafka.produce(topic, [{ value: "one" }]);
  const act = { type: AclResourceTypes.GROUP, name: group, operation: AclOperationTypes.READ };
  await forbid(ruled.kafka.admin, act);
  const config = configOf(group, [topic]);
  await using host = await startTestHost(config);
  const reason = `this user may not read with the group ${group} (GROUP_AUTHORIZATION_FAILED): allow Read and Describe on it, or choose another kafka.group`;
  await host.untilTopic(topic, "says why", (status) => status.state === "failed" && status.reason === reason);
  expect(await readiness(host, 503)).toContain(reason);
  await doctorSays(config, `group ${group}`, {
    state: "failed",
    remedy: text("grant READ and DESCRIBE on the group"),
  });
  await permit(ruled.kafka.admin, act);
  await host.untilIndexed(topic, 1, 25_000);
  await readiness(host, 200);

  await forbid(ruled.kafka.admin, act);
  await host.untilTopic(topic, "says why", (status) => status.reason === reason);
  expect(await readiness(host, 503)).toContain(reason);
  await ruled.kafka.produce(topic, [{ value: "two" }]);
  await permit(ruled.kafka.admin, act);
  await host.untilTopic(topic, "reads", (status) => status.partitions[0]?.committed === 2, 25_000);
  await readiness(host, 200);
}, 360_000);

test("topics that do not fit into the group's record are reported in one log line; the others are read", async () => {
  const [run, group] = [uniqueName("full"), uniqueName("full")];
  const names = Array.from(
    { length: 300 },
    (_, n) => `${run}-${"x".repeat(180)}-${String(n).padStart(4, "0")}`,
  );
  const small = uniqueName("a-small");
  await ruled.kafka.admin.createTopics({
    topics: names.map((topic) => ({ topic, numPartitions: 1 })),
    waitForLeaders: false,
    timeout: 20_000,
  });
  // The broker knows the others once it knows this one.
  await ruled.kafka.createTopic(small);
  const config = configOf(group, [small, ...names.map((topic) => ({ topic, index: run }))]);
  await doctorSays(config, `room in group ${group}`, {
    state: "failed",
    seen: text(
      `bytes in one record of __consumer_offsets, which accepts ${RECORD_BYTES} (max.message.bytes)`,
    ),
    remedy: text("raise max.message.bytes of __consumer_offsets"),
  });
  await using host = await startTestHost(config);
  await ruled.kafka.produce(small, [{ value: "one" }]);
  await host.untilIndexed(small, 1, 25_000);
  await eventually("all are running or told", async () => {
    const topics = await host.topics();
    expect(topics.filter(({ state }) => state !== "running" && state !== "failed")).toEqual([]);
    const left = topics.filter(({ state }) => state === "failed");
    // As few as possible: each takes some 400 bytes of the record's limit.
    expect(left.length).toBeWithin(20, 80);
    for (const { reason } of left) {
      expect(reason).toStartWith(
        `the group ${group} has no room for it and ${left.length - 1} other topics: `,
      );
      expect(reason).toContain("raise max.message.bytes of that topic");
    }
    return true;
  });
  // Not one for each of them; one more whenever others are left over.
  expect(host.log().filter(({ msg }) => msg === "the group blocks topics").length).toBeWithin(1, 10);
}, 480_000);

test("a topic of thousands of partitions is read and committed in bounded memory, and the topic beside it continues", async () => {
  const [big, small, group] = [uniqueName("big"), uniqueName("small"), uniqueName("big")];
  await ruled.kafka.createTopic(small);
  await using host = await startTestHost(configOf(group, [small, big]));
  await ruled.kafka.produce(small, [{ value: "line 0" }]);
  await host.untilIndexed(small, 1);
  const created = ruled.kafka.createTopic(big, PARTITIONS);
  let slowestMs = 0;
  const isBig = ({ topic, state }: TopicStatus): boolean => topic === big && state === "running";
  let count = 1;
  for (let isRunning = false; !isRunning; count += 1) {
    await ruled.kafka.produce(small, [{ value: `line ${count}` }]);
    const since = performance.now();
    await host.untilIndexed(small, count + 1);
    slowestMs = Math.max(slowestMs, performance.now() - since);
    isRunning = (await host.topics()).some(isBig);
    await Bun.sleep(500);
  }
  await created;
  for (let from = 0; from < PARTITIONS; from += 500)
    await ruled.kafka.produce(
      big,
      Array.from({ length: 500 }, (_, n) => ({ value: "a line", partition: from + n })),
    );
  await host.untilTopic(
    big,
    "has committed all",
    ({ partitions }) =>
      partitions.length === PARTITIONS && partitions.every(({ committed }) => committed === 1),
    60_000,
  );
  expect(await testElasticsearch(elasticsearchNode).count(big)).toBe(PARTITIONS);
  const status = readFileSync(`/proc/${host.pid}/status`, "utf8");
  const rssMb = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
  process.stderr.write(
    `${PARTITIONS} partitions: ${Math.round(rssMb)} MB, beside it ${Math.round(slowestMs)} ms at most\n`,
  );
  expect(rssMb).toBeLessThan(400);
  expect(await host.stop()).toBe(0);
}, 960_000);
