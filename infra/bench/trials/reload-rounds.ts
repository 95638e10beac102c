import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Etcd3 } from "etcd3";
import { documentId } from "../../../lib/rules/documents/document-id.ts";
import type { Stack } from "../../stack/stack.ts";
import type { BenchBroker } from "../load/broker.ts";
import { measureElasticsearchAlone } from "../stand-ins/elasticsearch-alone.ts";
import { startHostProcess, type HostProcess } from "../load/host-process.ts";
import { waitFor } from "../../stack/process/wait-for.ts";
import { startSteadyLoad } from "../load/steady-load.ts";

/** Milliseconds from a moment to the first document in the new index, one for each round. */
export interface ReloadTimes {
  readonly since: string;
  readonly ms: readonly number[];
}

/** How a topic is declared: in etcd, with its own new index or into an existing one (`there`); in the file; by the command. */
export type ReloadWay = "etcd" | "there" | "file" | "command";
const WAYS: readonly ReloadWay[] = ["etcd", "there", "file", "command"];

interface ReloadOptions {
  readonly broker: BenchBroker;
  readonly stack: Pick<Stack, "elasticsearch" | "etcd">;
  /** Counted rounds of each way; one more goes before them. */
  readonly rounds: number;
  /** The prefix of all names, so that one stack serves several runs. */
  readonly run: string;
  /** The folder of the Penstock to measure; undefined: this one. */
  readonly checkout?: string | undefined;
  /** All of them by default. */
  readonly ways?: readonly ReloadWay[];
}

const PREFIX = "reload";
const BUSY_PARTITIONS = 2;
const BUSY_PER_SECOND = 2_000;
const BEFORE_MS = 5_000;
/** The pause between two requests for the document. */
const POLL_MS = 5;
const PAUSE_MS = 500;
const ROUND_DEADLINE_MS = 30_000;
const root = join(import.meta.dir, "../../..");

/** The moments to measure from. */
export const RELOAD_SINCE = {
  etcd: "etcd: the put was acknowledged",
  there: "etcd: the put was acknowledged, the index is there",
  /** Elasticsearch's own share, without a host. */
  alone: "Elasticsearch alone: template and first bulk",
} as const;

/** Adds new topics in each way to a host that moves a busy topic, and measures. */
export async function measureReload(
  { broker, stack, rounds, run, checkout = root, ways: wanted = WAYS }: ReloadOptions,
  signal: AbortSignal,
): Promise<ReloadTimes[]> {
  const [elasticsearchNode, etcdEndpoints] = [stack.elasticsearch.node, stack.etcd.endpoints];
  // One more of each, not counted: the very first one meets cold code and no index template.
  const names = (way: string): string[] => Array.from({ length: rounds + 1 }, (_, n) => `${run}${way}-${n}`);
  const [busyTopic, sharedIndex, key] = [`${run}busy`, `${run}shared`, `${run}bench/topics`];
  const ways = {
    etcd: names("etcd"),
    there: names("there"),
    file: names("file"),
    command: names("command"),
  };
  const timestamp = Date.now();
  const topics = Object.values(ways).flat();
  await broker.createTopics(topics, 1);
  await broker.createTopics([busyTopic], BUSY_PARTITIONS);
  const messages = [{ value: "the first record", timestamp: String(timestamp) }];
  await broker.producer.sendBatch({ topicMessages: topics.map((topic) => ({ topic, messages })) });

  const config = {
    kafka: { brokers: broker.brokers, group: PREFIX },
    elasticsearch: { nodes: [elasticsearchNode] },
    etcd: { endpoints: etcdEndpoints, keys: [key] },
  };
  await using host = await startHostProcess({ ...config, topics: [busyTopic] }, signal, checkout);
  await host.untilRunning([busyTopic], { withinMs: ROUND_DEADLINE_MS });
  const busy = startSteadyLoad({
    producer: broker.producer,
    topics: [{ topic: busyTopic, partitions: BUSY_PARTITIONS }],
    recordsPerSecond: BUSY_PER_SECOND,
  });
  await sleep(BEFORE_MS, undefined, { signal });

  const untilIndexed = (topic: string, index: string): Promise<number> => {
    const id = encodeURIComponent(documentId(topic, { partition: 0, offset: 0, timestamp }));
    const url = new URL(`/${index}/_doc/${id}?_source=false`, elasticsearchNode);
    const ask = async (): Promise<number | false> =>
      (await fetch(url, { signal })).status === 200 && performance.now();
    return waitFor(`${topic} has a document`, ask, { everyMs: POLL_MS, signal, withinMs: ROUND_DEADLINE_MS });
  };
  /** @param change declares the topic, and returns the moments to measure from */
  const measure = async (
    topics: readonly string[],
    since: readonly string[],
    change: (topic: string) => Promise<readonly number[]>,
    index?: string,
  ): Promise<ReloadTimes[]> => {
    const times = since.map((since) => ({ since, ms: [] as number[] }));
    for (const [round, topic] of topics.entries()) {
      // Lets the effects of the round before end: an index that becomes durable, a group that settles.
      await sleep(PAUSE_MS, undefined, { signal });
      const moments = await change(topic);
      const at = await untilIndexed(topic, index ?? topic);
      if (round > 0) for (const [n, { ms }] of times.entries()) ms.push(at - (moments[n] ?? Number.NaN));
      await host.untilRunning([topic], { withinMs: ROUND_DEADLINE_MS });
    }
    return times;
  };

  const etcd = new Etcd3({ hosts: [...etcdEndpoints] });
  try {
    const declared: object[] = [];
    const declare = async (declaration: object): Promise<readonly number[]> => {
      declared.push(declaration);
      await etcd.put(key).value(JSON.stringify(declared));
      return [performance.now()];
    };
    const inFile = [busyTopic];
    const measureWay: Readonly<Record<ReloadWay, () => Promise<ReloadTimes[]>>> = {
      etcd: () => measure(ways.etcd, [RELOAD_SINCE.etcd], (topic) => declare({ topic })),
      there: () =>
        measure(
          ways.there,
          [RELOAD_SINCE.there],
          // Shared by these topics, so it exists for all but the first.
          (topic) => declare({ topic, index: sharedIndex }),
          sharedIndex,
        ),
      file: () =>
        measure(ways.file, ["file: it was renamed"], async (topic) => {
          inFile.push(topic);
          await host.replaceConfig({ ...config, topics: inFile });
          return [performance.now()];
        }),
      command: () => {
        const moments = ["topics add: it said that it was written", "topics add: its process was started"];
        return measure(ways.command, moments, (topic) => addByCommand(topic, host, checkout));
      },
    };
    const times: ReloadTimes[] = [];
    for (const way of wanted) times.push(...(await measureWay[way]()));
    const alone = await measureElasticsearchAlone(elasticsearchNode, names("alone"), signal);
    return [...times, { since: RELOAD_SINCE.alone, ms: alone.slice(1) }];
  } finally {
    etcd.close();
    await busy.stop();
  }
}

/** @returns when etcd had acknowledged the write, told by the first output, and when the process was started */
async function addByCommand(topic: string, host: HostProcess, checkout: string): Promise<readonly number[]> {
  const startedAt = performance.now();
  const child = Bun.spawn(
    [process.execPath, "infra/cli/topics.ts", "add", topic, "--config", host.configPath],
    {
      cwd: checkout,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    },
  );
  const reader = child.stdout.getReader();
  const { done } = await reader.read();
  const writtenAt = performance.now();
  if (done) throw new Error(`topics add exited with ${await child.exited}`);
  // The end of the process is not waited for.
  void reader.cancel();
  return [writtenAt, startedAt];
}
