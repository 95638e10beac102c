import { untilArrived, type Arrival } from "./arrival.ts";
import type { BenchBroker, FilledTopic } from "./broker.ts";
import { startHostProcess } from "./host-process.ts";
import { poll } from "./poll.ts";
import { costOf, forgetPeak } from "./process-cost.ts";
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
  /** Declares them, waits until all is committed, takes them out again and deletes their group. */
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

export async function startMover(
  { broker, target, checkout, index, elasticsearch, mayRefuse = false }: MoverOptions,
  signal: AbortSignal,
): Promise<Mover> {
  const config = {
    kafka: { brokers: broker.brokers, group: GROUP },
    elasticsearch: { ...elasticsearch, nodes: [target.url] },
  };
  const host = await startHostProcess({ ...config, topics: [] }, signal, checkout);

  const removeAll = async (): Promise<void> => {
    await host.replaceConfig({ ...config, topics: [] });
    await poll(async () => ((await host.states()).size === 0 ? true : null), 50, signal);
    // Its topics may be moved once more, from their beginnings. Without topics the host leaves the group.
    await poll(
      () =>
        broker.admin.deleteGroups([GROUP]).then(
          () => true,
          () => null,
        ),
      50,
      signal,
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
      await removeAll();
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
