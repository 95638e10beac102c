import { untilArrived, type Arrival } from "./arrival.ts";
import type { BenchBroker, FilledTopic } from "./broker.ts";
import { deleteOffsets } from "./delete-offsets.ts";
import { startHostProcess } from "./host-process.ts";
import { poll } from "../kit/poll.ts";
import { costOf, forgetPeak } from "../kit/process-cost.ts";
import type { Target } from "./target.ts";

/** What it cost to move filled topics once. */
export interface Run extends Arrival {
  readonly records: number;
  /** Of the process that moved them, all threads, from its start or the change that declared the topics to the end. */
  readonly cpuSeconds: number;
  /** Since the run began. */
  readonly peakRssBytes: number;
}

/** CPU seconds. */
export function cpuPerMillion({ cpuSeconds, records }: Pick<Run, "cpuSeconds" | "records">): number {
  return (cpuSeconds / records) * 1e6;
}

/** A host that moves filled topics, again and again. */
export interface Mover extends AsyncDisposable {
  /** Declares them, waits until all is committed, takes them out again and deletes their groups. */
  move(topics: readonly FilledTopic[]): Promise<Run>;
}

export interface MoverOptions {
  readonly broker: BenchBroker;
  readonly target: Target;
  /** The folder of the Penstock that is measured; this one unless told. */
  readonly checkout: string | undefined;
  /** Where all records go; the topic's name unless told. */
  readonly index?: string;
  /** What else stands under `elasticsearch` in its config. */
  readonly elasticsearch?: object;
  /** True: records may be refused, and the run ends with the last commit. */
  readonly mayRefuse?: boolean;
}

const GROUP = "bench";
/** Without a document, before it is asked whether more are to come. */
const QUIET_MS = 300;
/** From the topics' end to the group's. */
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

  /** The host stays a member of its group, which is why that cannot be deleted. */
  const forget = async (topics: readonly FilledTopic[]): Promise<void> => {
    const metadata = await broker.admin.fetchTopicMetadata({ topics: topics.map(({ topic }) => topic) });
    const partitions = new Map(metadata.topics.map(({ name, partitions }) => [name, partitions.length]));
    await poll(
      async () => ((await deleteOffsets(broker.brokers[0] ?? "", GROUP, partitions)) ? true : null),
      50,
      AbortSignal.any([signal, AbortSignal.timeout(FORGOTTEN_WITHIN_MS)]),
    );
  };
  const removeAll = async (topics: readonly FilledTopic[]): Promise<void> => {
    await host.replaceConfig({ ...config, topics: [] });
    await poll(async () => ((await host.states()).size === 0 ? true : null), 50, signal);
    if (host.groups.shared) await forget(topics);
    else await broker.admin.deleteGroups(topics.map(({ topic }) => host.groups.groupOf(GROUP, topic)));
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
      for (const { topic, records: all } of topics)
        await broker.untilCommitted(host.groups.groupOf(GROUP, topic), topic, all, limited);
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
