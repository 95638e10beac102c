import type { BenchBroker, FilledTopic } from "./broker.ts";
import { startHostProcess } from "./host-process.ts";
import { poll } from "./poll.ts";
import { costOf } from "./process-cost.ts";
import type { Target } from "./target.ts";

/** What it cost to move filled topics once. */
export interface Run {
  readonly records: number;
  /** Of the process that moved them, all threads. */
  readonly cpuSeconds: number;
  /** From the change that declared the topics until the target had all documents; joining the groups included. */
  readonly seconds: number;
  readonly peakRssBytes: number;
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
}

const GROUP_PREFIX = "bench";
export const RUN_WITHIN_MS = 600_000;
/** How often the target is asked whether it has all. */
export const ASK_EVERY_MS = 20;

export async function startMover(
  { broker, target, checkout }: MoverOptions,
  signal: AbortSignal,
): Promise<Mover> {
  const config = {
    kafka: { brokers: broker.brokers, groupPrefix: GROUP_PREFIX },
    elasticsearch: { nodes: [target.url] },
  };
  const host = await startHostProcess({ ...config, topics: [] }, signal, checkout);

  const removeAll = async (topics: readonly FilledTopic[]): Promise<void> => {
    await host.replaceConfig({ ...config, topics: [] });
    await poll(async () => ((await host.states()).size === 0 ? true : null), 50, signal);
    await broker.admin.deleteGroups(topics.map(({ topic }) => `${GROUP_PREFIX}.${topic}`));
  };

  return {
    async move(topics) {
      const limited = AbortSignal.any([signal, AbortSignal.timeout(RUN_WITHIN_MS)]);
      const records = topics.reduce((sum, topic) => sum + topic.records, 0);
      const before = costOf(host.pid);
      const documentsBefore = await target.documents();
      const startedAt = performance.now();
      await host.replaceConfig({
        ...config,
        topics: topics.map(({ topic, format }) => ({ topic, format })),
      });
      // The target is asked, not the host: asking costs whoever is asked.
      await poll(
        async () => ((await target.documents()) - documentsBefore >= records ? true : null),
        ASK_EVERY_MS,
        limited,
      );
      const seconds = (performance.now() - startedAt) / 1_000;
      for (const { topic, records: all } of topics)
        await broker.untilCommitted(`${GROUP_PREFIX}.${topic}`, topic, all, limited);
      const after = costOf(host.pid);
      const moved = (await target.documents()) - documentsBefore;
      if (moved !== records) throw new Error(`${moved} documents arrived for ${records} records`);
      await removeAll(topics);
      return {
        records,
        cpuSeconds: after.cpuSeconds - before.cpuSeconds,
        seconds,
        peakRssBytes: after.peakRssBytes,
      };
    },
    [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
  };
}
