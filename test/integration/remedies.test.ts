import { afterAll, beforeAll, expect, test } from "bun:test";
import type { ListedTopic } from "../../lib/rules/progress/holdings.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { useStack } from "../support/stack-clients.ts";

/** Each refusal is told with its remedy, and the remedy's command, carried out as it is written, heals the topic. */
interface Refusal {
  readonly name: string;
  readonly declared?: (topic: string) => object;
  readonly refuse: (topic: string) => Promise<void>;
  readonly command: (topic: string) => string;
}

const HOUR_MS = 3_600_000;
const RECORDS = 5;
const run = uniqueName("remedy");
const servers = useStack();
let host: TestHost;

/** `PUT app/_settings {…}`, as Kibana's console takes it. */
async function carryOut(request: string): Promise<void> {
  const [, method = "", path = "", body] = /^(\S+) (\S+)(?: (.+))?$/.exec(request) ?? [];
  const parsed: object | undefined = body === undefined ? undefined : (JSON.parse(body) as object);
  const answer = await servers.elasticsearch.request(method, `/${path}`, parsed);
  expect([200, 201]).toContain(answer.status);
}

const refusals: readonly Refusal[] = [
  {
    name: "an index that is blocked for writing",
    async refuse(topic) {
      await carryOut(`PUT ${topic}`);
      await carryOut(`PUT ${topic}/_settings {"index.blocks.write": true}`);
    },
    command: (topic) => `PUT ${topic}/_settings {"index.blocks.write":null}`,
  },
  {
    name: "an index behind an alias that is read-only",
    declared: (topic) => ({ index: `${topic}-alias` }),
    async refuse(topic) {
      await carryOut(`PUT ${topic} {"aliases": {"${topic}-alias": {}}}`);
      await carryOut(`PUT ${topic}/_settings {"index.blocks.read_only": true}`);
    },
    command: (topic) => `PUT ${topic}/_settings {"index.blocks.read_only":null}`,
  },
  {
    name: "a closed index",
    async refuse(topic) {
      await carryOut(`PUT ${topic}`);
      await carryOut(`POST ${topic}/_close`);
    },
    command: (topic) => `POST ${topic}/_open`,
  },
  {
    name: "a missing pipeline",
    declared: (topic) => ({ pipeline: `${topic}-pipeline` }),
    refuse: async () => {},
    command: (topic) => `PUT _ingest/pipeline/${topic}-pipeline {"processors": []}`,
  },
];
const nameOf = (n: number): string => `${run}.${n}`;
const later = `${run}.later`;

beforeAll(async () => {
  const hour = { "retention.ms": String(HOUR_MS) };
  await Promise.all(refusals.map((_, n) => servers.kafka.createTopic(nameOf(n), 2, hour)));
  host = await startTestHost({
    ...servers.config,
    topics: [
      ...refusals.map(({ declared }, n) => ({ topic: nameOf(n), ...declared?.(nameOf(n)) })),
      { topic: later },
    ],
  });
}, 480_000);
afterAll(() => host?.[Symbol.asyncDispose]());

const isTroubled = ({ trouble }: ListedTopic): boolean => trouble !== null && trouble.deletableAt !== null;

for (const [n, { name, refuse, command }] of refusals.entries()) {
  test(`${name}: the topic is in trouble long before it is stalled, and its remedy heals it`, async () => {
    const topic = nameOf(n);
    await host.untilTopic(topic, "runs", ({ state }) => state === "running");
    await refuse(topic);
    const writtenAt = Date.now() - 60_000;
    const records = Array.from({ length: RECORDS }, (_, at) => ({
      value: `line ${at}`,
      partition: 1,
      timestamp: String(writtenAt + at),
    }));
    await servers.kafka.produce(topic, records);
    // A busy server may first have been too late, which has another remedy.
    const status = await host.untilTopic(
      topic,
      "is in trouble, with its deadline and its remedy",
      (one) => isTroubled(one) && one.remedy?.command === command(topic),
    );
    expect(status).toMatchObject({
      state: "running",
      reason: expect.stringContaining("retrying since"),
      remedy: { command: command(topic) },
      trouble: {
        partitions: [1],
        records: RECORDS,
        oldestAt: writtenAt,
        deletableAt: writtenAt + HOUR_MS,
      },
    });
    expect(status.trouble?.attempts).toBeGreaterThan(0);
    await eventually("the log has the remedy, too", () =>
      host
        .log()
        .some(
          ({ msg, topic: of, remedy }) =>
            msg === "records are retried" && of === topic && String(remedy).endsWith(`: ${command(topic)}`),
        ),
    );

    await carryOut(status.remedy?.command ?? "");
    const healed = await host.untilIndexed(topic, RECORDS);
    expect(healed).toMatchObject({ state: "running", reason: null, remedy: null, trouble: null });
  }, 480_000);
}

test("a topic that does not exist says how to create it, and runs once that is done", async () => {
  const { remedy, trouble } = await host.untilTopic(later, "is pending", ({ state }) => state === "pending");
  const [broker] = servers.config.kafka.brokers;
  expect(remedy?.command).toBe(`kafka-topics.sh --bootstrap-server ${broker} --create --topic ${later}`);
  expect(trouble).toBeNull();
  await servers.kafka.createTopic(/--topic (\S+)$/.exec(remedy?.command ?? "")?.[1] ?? "");
  await host.untilTopic(later, "runs", ({ state, remedy: left }) => state === "running" && left === null);
}, 480_000);
