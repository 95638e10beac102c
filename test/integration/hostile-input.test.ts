import { afterAll, beforeAll, expect, test } from "bun:test";
import { Etcd3 } from "etcd3";
import type { SourceRecord } from "../../lib/rules/model/record.ts";
import { eventually } from "../support/eventually.ts";
import { pickedValues as pickedDeclarations } from "../support/fuzz/etcd.ts";
import { expectHarmless } from "../support/fuzz/nasty.ts";
import { hostileValues, pickedValues } from "../support/fuzz/records.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { readAll } from "../support/read-topic.ts";
import { useStack } from "../support/stack-clients.ts";

const run = uniqueName("hostile");
const topicOf = (name: string): string => `${run}.${name}`;
const seed = Number(process.env["PENSTOCK_FUZZ_SEED"] ?? Date.now() % 1_000_000);
const DRAWN = 2_000;
/** One good record after this many hostile ones. */
const GOOD_EVERY = 10;
const MEGABYTE = 1024 * 1024;

const servers = useStack();
let etcd: Etcd3;
let host: TestHost;
const formats = {
  text: { format: "text" },
  json: { format: "json" },
  flattened: { format: "json", rejected: "flatten", timestamp: "time", path: "/var/log/a.log" },
  large: { format: "json" },
};

beforeAll(async () => {
  process.stdout.write(`hostile input: seed ${seed} (PENSTOCK_FUZZ_SEED)\n`);
  etcd = new Etcd3({ hosts: servers.addresses.etcdEndpoints });
  const large = { "max.message.bytes": String(32 * MEGABYTE) };
  await Promise.all([
    ...Object.keys(formats).map((name) => servers.kafka.createTopic(topicOf(name), 1, large)),
    servers.kafka.createTopic(topicOf("healthy")),
  ]);
  host = await startTestHost({
    ...servers.config,
    etcd: { endpoints: servers.addresses.etcdEndpoints, keys: [`${run}/`] },
    topics: [
      ...Object.entries(formats).map(([name, options]) => Object.assign({ topic: topicOf(name) }, options)),
      topicOf("healthy"),
    ],
  });
}, 240_000);
afterAll(async () => {
  await host[Symbol.asyncDispose]();
  await etcd.delete().prefix(`${run}/`);
  etcd.close();
});

/** Hostile values, with good ones in between. */
function withGoodOnes(hostile: readonly (Buffer | string | null)[]): (Buffer | string | null)[] {
  return hostile.flatMap((value, at) => (at % GOOD_EVERY === 0 ? [goodValue(at), value] : [value]));
}
const goodValue = (n: number): string => JSON.stringify({ message: `good ${n}` });
const isGood = (value: Buffer | null): boolean => value?.toString().startsWith('{"message":"good ') === true;

test.each(["text", "json", "flattened"])(
  "every record has exactly one outcome, and a reason where it is a dead letter: %s",
  async (name) => {
    const topic = topicOf(name);
    const values = withGoodOnes([...pickedValues, ...hostileValues(seed, DRAWN)]);
    const headers = { "\0": Buffer.from([0xff]), "": "x", "penstock.topic": "forged", __proto__x: "y" };
    for (let from = 0; from < values.length; from += 500) {
      await servers.kafka.produce(
        topic,
        values.slice(from, from + 500).map((value, at) => (at % 7 === 0 ? { value, headers } : { value })),
      );
    }
    const { counts } = await host.untilTopic(
      topic,
      "every record has an outcome",
      ({ counts: { indexed, duplicate, deadLettered, skipped }, partitions }) =>
        indexed + duplicate + deadLettered + skipped >= values.length &&
        partitions.every(({ lag }) => lag === 0),
      // Each brings new field names: a change of the cluster state for almost every document.
      150_000,
    );
    process.stdout.write(`${name}: ${values.length} sent, ${JSON.stringify(counts)}\n`);
    const skipped = values.filter((value) => value === null).length;
    expect(counts.skipped).toBeGreaterThanOrEqual(skipped);
    const letters = counts.deadLettered === 0 ? [] : await lettersOf(topic, counts.deadLettered);
    expect(letters.length).toBeGreaterThanOrEqual(counts.deadLettered);
    // What was read again is counted again, and may have two letters.
    const refused = new Set(letters.map((letter) => headerOf(letter, "offset"))).size;
    expect((await servers.elasticsearch.count(topic)) + refused + skipped).toBe(values.length);
    for (const letter of letters) {
      expect(headerOf(letter, "error.reason").length).toBeGreaterThan(0);
      expect(isGood(letter.value)).toBe(false);
    }
  },
  720_000,
);

async function lettersOf(topic: string, atLeast: number): Promise<SourceRecord[]> {
  const letters = await readAll(servers.kafka, servers.config.deadLetters.topic);
  expect(letters.length).toBeGreaterThanOrEqual(atLeast);
  return letters.filter((letter) => headerOf(letter, "topic") === topic);
}

/** If a name occurs twice, the last one counts: a producer may have written one too. */
function headerOf({ headers }: SourceRecord, name: string): string {
  return headers.findLast((header) => header.name === `penstock.${name}`)?.value?.toString() ?? "";
}

test("20 MB in one record", async () => {
  const topic = topicOf("large");
  const large = `{"message":"${"x".repeat(20 * MEGABYTE)}"}`;
  for (const value of [goodValue(1), large, goodValue(2)]) await servers.kafka.produce(topic, [{ value }]);
  const { counts } = await host.untilTopic(
    topic,
    "all three have an outcome",
    ({ counts: { indexed, duplicate, deadLettered }, partitions }) =>
      indexed + duplicate + deadLettered >= 3 && partitions.every(({ lag }) => lag === 0),
    40_000,
  );
  process.stdout.write(`20 MB: ${JSON.stringify(counts)}\n`);
  expect(counts.indexed + counts.duplicate).toBeGreaterThanOrEqual(2);
}, 240_000);

test("declarations in etcd: bad ones are refused with a reason, and the others continue", async () => {
  // Showing ten thousand refused names takes time: once is enough.
  const values = pickedDeclarations.filter((value) => !value.startsWith('["T0","T1"'));
  for (const [at, value] of values.entries()) await etcd.put(`${run}/${at}`).value(value);
  await etcd.put(`${run}/bytes`).value(Buffer.from([0xff, 0xfe, 0x5b]));
  await etcd.put(`${run}/\u001B[2J\u202E`).value("no JSON");

  const { refused } = await eventually("the refusals are shown", async () => {
    const answer = await host.fetch("/reconcile?dryRun=true", { method: "POST" });
    const { plan } = (await answer.json()) as { plan: { refused: { reason: string; source: object }[] } };
    return plan.refused.length > values.length ? plan : null;
  });
  for (const { reason } of refused) expectHarmless(reason, 8_000);
  const answer = await host.fetch("/topics");
  expect(answer.status).toBe(200);
  process.stdout.write(`etcd: ${values.length + 2} hostile keys, ${refused.length} refusals\n`);

  await servers.kafka.produce(topicOf("healthy"), [{ value: "still here" }]);
  await host.untilIndexed(topicOf("healthy"), 1);
}, 240_000);
