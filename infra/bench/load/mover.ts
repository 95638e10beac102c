import { waitFor } from "../../stack/process/wait-for.ts";
import { untilArrived, type Arrival } from "./arrival.ts";
import type { BenchBroker, FilledTopic } from "./broker.ts";
import { deleteOffsets } from "./delete-offsets.ts";
import { startHostProcess } from "./host-process.ts";
import { costOf, forgetPeak } from "../kit/process-cost.ts";
import type { Target } from "./target.ts";

/** What it cost to move filled topics once. */
export interface Run extends Arrival {
  readonly records: number;
  /** CPU of the host's process, all threads, from the declaration of the topics to the last commit. */
  readonly cpuSeconds: number;
  /** The peak of this run alone. */
  readonly peakRssBytes: number;
}

/** CPU seconds. */
export function cpuPerMillion({ cpuSeconds, records }: Pick<Run, "cpuSeconds" | "records">): number {
  return (cpuSeconds / records) * 1e6;
}

/** A host that moves filled topics, as often as asked. */
export interface Mover extends AsyncDisposable {
  /** Declares the topics, waits until all records are committed, removes the topics and deletes their offsets. */
  move(topics: readonly FilledTopic[]): Promise<Run>;
}

export interface MoverOptions {
  readonly broker: BenchBroker;
  readonly target: Target;
  /** The folder of the Penstock to measure; undefined: this one. */
  readonly checkout: string | undefined;
  /** The index of all records; the topic's name by default. */
  readonly index?: string;
  /** More keys for the `elasticsearch` section of the config. */
  readonly elasticsearch?: object;
  /** True: records may be refused, and the run ends with the last commit. */
  readonly mayRefuse?: boolean;
}

const GROUP = "bench";
/** After so long without a document, the host is asked whether all records are committed. */
const QUIET_MS = 300;
/** How long the group may take to give up removed topics. */
const FORGOTTEN_WITHIN_MS = 30_000;

export async function startMover(
  { broker, target, checkout, index, elasticsearch, mayRefuse = false }: MoverOptions,
  signal: AbortSignal,
): Promise<Mover> {
  const config = {
    kafka: { brokers: broker.brokers, group: GROUP },
    elasticsearch: { ...elasticsearch, nodes: [target.url] },
  };
  const host = await startHostProcess({ ...config, topics: [] }, signal, checkout);

  /** Not by deleting the group: the host stays a member of it. */
  const removeAll = async (topics: readonly FilledTopic[]): Promise<void> => {
    await host.replaceConfig({ ...config, topics: [] });
    await waitFor("the host has no topics", async () => (await host.states()).size === 0, { signal });
    const metadata = await broker.admin.fetchTopicMetadata({ topics: topics.map(({ topic }) => topic) });
    const partitions = new Map(metadata.topics.map(({ name, partitions }) => [name, partitions.length]));
    await waitFor(
      "the group's offsets are deleted",
      () => deleteOffsets(broker.brokers[0] ?? "", GROUP, partitions),
      { signal, withinMs: FORGOTTEN_WITHIN_MS },
    );
  };

  return {
    async move(topics) {
      const limited = AbortSignal.any([signal, host.gone]);
      const records = topics.reduce((sum, topic) => sum + topic.records, 0);
      forgetPeak(host.pid);
      const before = costOf(host.pid);
      const documentsBefore = await target.documents();
      await host.replaceConfig({
        ...config,
        topics: topics.map(({ topic, format, timestamp }) => ({ topic, format, timestamp, index })),
      });
      const isOver = async (quietMs: number): Promise<boolean> =>
        mayRefuse && quietMs > QUIET_MS && (await host.recordsCommitted()) >= records;
      const arrived = await untilArrived(target, documentsBefore, records, limited, isOver);
      for (const { topic, records: all } of topics) await broker.untilCommitted(GROUP, topic, all, limited);
      const after = costOf(host.pid);
      const documents = (await target.documents()) - documentsBefore;
      if (documents !== records && !mayRefuse)
        throw new Error(`${documents} documents arrived for ${records} records`);
      await removeAll(topics);
      return {
        ...arrived,
        documents,
        records,
        cpuSeconds: after.cpuSeconds - before.cpuSeconds,
        peakRssBytes: after.peakRssBytes,
      };
    },
    [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
  };
}
