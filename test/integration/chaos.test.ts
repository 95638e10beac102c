import { expect, test } from "bun:test";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { type SeededRandom, seededRandom } from "../../infra/bench/kit/random.ts";
import { changesIn, expectEachOffsetOnce, reconcile, untilRunning } from "../support/reload.ts";
import { connectStack } from "../support/stack-clients.ts";

const TOPICS = 8;
const PARTITIONS = 3;
const RECORDS = 200_000;
const BATCH = 250;
const CHANGES = 50;

interface Entry {
  topic: string;
  index: string;
  path: string;
  format: "text" | "json";
}

/** Adds, removes or changes one entry of a source. */
function change(
  entries: readonly Entry[],
  topics: readonly string[],
  random: SeededRandom,
  run: string,
): Entry[] {
  const topic = random.pick(topics);
  const entry: Entry = {
    topic,
    index: `${run}-index-${random.below(3)}`,
    path: `/var/log/${random.below(3)}.log`,
    format: random.pick(["text", "json"]),
  };
  const others = entries.filter((one) => one.topic !== topic);
  const remove = others.length < entries.length && random.below(3) === 0;
  return remove ? others : [...others, entry];
}

test("200,000 records while topics come, go and change 50 times: each is in Elasticsearch exactly once", async () => {
  const seed = Number(process.env["CHAOS_SEED"] ?? Date.now() % 1_000_000);
  const random = seededRandom(seed);
  await using servers = await connectStack();
  const [run, key] = [uniqueName("chaos"), uniqueName("key")];
  const topics = Array.from({ length: TOPICS }, (_, n) => `${run}-${n}`);
  for (const topic of topics) await servers.kafka.createTopic(topic, PARTITIONS);
  const textOf = (entries: readonly Entry[]): string =>
    stringify({
      http: { port: 0 },
      ...servers.config,
      etcd: { endpoints: servers.addresses.etcdEndpoints, keys: [key] },
      topics: entries,
    });

  let inFile: Entry[] = [];
  let inEtcd: Entry[] = [];
  const startedAt = performance.now();
  await using host = await startTestHost(textOf(inFile));
  const declareInFile = async (entries: Entry[]): Promise<void> => {
    inFile = entries;
    await writeFile(join(host.folder, "next.yaml"), textOf(inFile));
    await rename(join(host.folder, "next.yaml"), host.configPath);
  };
  const declareInEtcd = async (entries: Entry[]): Promise<void> => {
    inEtcd = entries;
    await servers.etcd.put(key).value(JSON.stringify(inEtcd));
  };

  // The producer and the changes pace each other: neither gets more than one step ahead.
  let produced = 0;
  let step = 0;
  let over = false;
  const producing = (async () => {
    while (produced < RECORDS && !over) {
      if (produced > (RECORDS * (step + 1)) / CHANGES) {
        await Bun.sleep(5);
        continue;
      }
      const topic = topics[(produced / BATCH) % TOPICS] ?? "";
      const from = produced;
      const messages = Array.from({ length: BATCH }, (_, n) => ({
        value: JSON.stringify({ message: `line ${from + n}`, number: from + n }),
      }));
      await servers.kafka.produce(topic, messages);
      produced += BATCH;
    }
  })();
  try {
    while (step < CHANGES) {
      if (random.below(2) === 0) await declareInFile(change(inFile, topics, random, run));
      else await declareInEtcd(change(inEtcd, topics, random, run));
      // Some changes are requested at once, others arrive while the previous one is still running.
      if (random.below(2) === 0) await reconcile(host);
      else await Bun.sleep(random.below(300));
      step += 1;
      while (produced < (RECORDS * step) / CHANGES) {
        await Promise.race([producing, Bun.sleep(5)]);
      }
    }
    await producing;
    const missing = topics.filter((topic) => ![...inFile, ...inEtcd].some((entry) => entry.topic === topic));
    await declareInEtcd([
      ...inEtcd,
      ...missing.map((topic): Entry => ({
        topic,
        index: `${run}-index-0`,
        path: "/end.log",
        format: "text",
      })),
    ]);
    await untilRunning(host, ...topics);
    const positions = await expectEachOffsetOnce(servers, topics, `${run}-index-*`, 120_000);
    // As many as Kafka has, which are more if the producer sent some again because an answer was late.
    expect(positions.length).toBeGreaterThanOrEqual(RECORDS);
  } catch (error) {
    throw new Error(`with CHAOS_SEED=${seed}, after ${step} changes and ${produced} records`, {
      cause: error,
    });
  } finally {
    over = true;
    await producing;
  }
  const done = changesIn(host).flatMap(({ start, stop, replace }) => [start, stop, replace]);
  process.stdout.write(
    `chaos: ${((performance.now() - startedAt) / 1000).toFixed(1)} s, seed ${seed}, ` +
      `${changesIn(host).length} reconciles with ${done.flat().length} starts, stops and replacements\n`,
  );
}, 1_200_000);
