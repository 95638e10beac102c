import { Kafka, logLevel } from "kafkajs";
import type { AcknowledgedOffsets } from "./acknowledged.ts";
import type { TopicPlan } from "./load.ts";

/** The problems that a watcher found, one sentence each. */
export interface CommitWatcher {
  readonly problems: readonly string[];
  /** How often committed offsets of all topics were read, and documents below them counted. */
  readonly samples: number;
  readonly counts: number;
  /** Documents were deleted on purpose: from now on compares only outcomes, not documents. */
  forgetDocuments(): void;
  stop(): Promise<void>;
}

export interface WatcherOptions {
  readonly brokers: readonly string[];
  readonly elasticsearchNode: string;
  readonly group: string;
  readonly topics: readonly TopicPlan[];
  readonly acknowledged: AcknowledgedOffsets;
}

const EVERY_MS = 250;
const ASK_WITHIN_MS = 5_000;

/**
 * Reads the group's committed offsets continuously during faults, bypassing the proxies.
 *
 * Three things must hold for every sample:
 * 1. Every offset below a committed one has an outcome that had been sent to a host by then. There is no gap
 *    in time that matters: outcomes are recorded before the host can read them, so a correct commit found in Kafka
 *    already has all its outcomes recorded, even while Elasticsearch is frozen or unreachable.
 * 2. The documents below the committed offset exist: they are counted in Elasticsearch itself after the commit was
 *    read. A commit briefly ahead of its documents could pass this check, but not the first.
 * 3. Committed offsets never decrease: a host that lost its partitions must not rewind their new owner.
 */
export function watchCommits(options: WatcherOptions): CommitWatcher {
  const { acknowledged, topics } = options;
  const problems: string[] = [];
  const highest = new Map<string, number>();
  let samples = 0;
  let counts = 0;
  let documentsKept = true;
  let stopping = false;

  const report = (problem: string): void => {
    if (problems.length < 20) problems.push(problem);
  };

  const sample = async (topic: string, committed: ReadonlyMap<number, number>): Promise<void> => {
    for (const [partition, offset] of committed) {
      const name = `${topic}/${partition}`;
      const known = acknowledged.prefix(topic, partition);
      if (offset > known) report(`${name} was committed up to ${offset}, with outcomes only up to ${known}`);
      const before = highest.get(name) ?? -1;
      if (offset < before) report(`the commit of ${name} went back from ${before} to ${offset}`);
      highest.set(name, Math.max(before, offset));
    }
    if (!documentsKept) return;
    const found = await countBelow(options.elasticsearchNode, topic, committed);
    // Told meanwhile that they are gone.
    if (found === null || !documentsKept) return;
    counts += 1;
    for (const [partition, offset] of committed) {
      const expected = offset - acknowledged.rejectedBelow(topic, partition, offset);
      const there = found.get(partition) ?? 0;
      if (offset > 0 && there !== expected) {
        report(
          `${topic}/${partition} was committed up to ${offset}, with ${there} documents, not ${expected}`,
        );
      }
    }
  };

  const running = (async () => {
    let reader = createReader(options);
    while (!stopping) {
      try {
        for (const { topic } of topics) await sample(topic, await reader.committed(topic));
        samples += 1;
      } catch {
        // Kafka does not answer because of the fault, and old connections may be broken afterwards.
        void reader.close();
        reader = createReader(options);
      }
      await Bun.sleep(EVERY_MS);
    }
    await reader.close();
  })();

  return {
    problems,
    get samples() {
      return samples;
    },
    get counts() {
      return counts;
    },
    forgetDocuments() {
      documentsKept = false;
    },
    async stop() {
      stopping = true;
      await running;
    },
  };
}

interface CommitReader {
  /** By partition, without partitions that have no commit. */
  committed(topic: string): Promise<ReadonlyMap<number, number>>;
  close(): Promise<void>;
}

/** Gives up soon, unlike the tests' own client, because a failed sample is taken again later. */
function createReader({ brokers, group }: WatcherOptions): CommitReader {
  const admin = new Kafka({
    clientId: "watcher",
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 2_000,
    requestTimeout: ASK_WITHIN_MS,
    enforceRequestTimeout: true,
    retry: { initialRetryTime: 100, retries: 2 },
  }).admin();
  let connected: Promise<void> | null = null;
  return {
    async committed(topic) {
      await (connected ??= admin.connect());
      const [entry] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
      const offsets = (entry?.partitions ?? []).map(
        ({ partition, offset }) => [partition, Number(offset)] as const,
      );
      return new Map(offsets.filter(([, offset]) => offset >= 0));
    },
    close: () => admin.disconnect(),
  };
}

/** Documents below the given offset, by partition; null if Elasticsearch does not answer now. */
async function countBelow(
  node: string,
  index: string,
  offsets: ReadonlyMap<number, number>,
): Promise<ReadonlyMap<number, number> | null> {
  const filters = Object.fromEntries(
    [...offsets].map(([partition, offset]) => [
      String(partition),
      {
        bool: {
          filter: [{ term: { "kafka.partition": partition } }, { range: { "kafka.offset": { lt: offset } } }],
        },
      },
    ]),
  );
  const post = (path: string, body: object): Promise<Response> =>
    fetch(new URL(path, node), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(ASK_WITHIN_MS),
    });
  try {
    if (!(await post(`/${index}/_refresh`, {})).ok) return null;
    const answer = await post(`/${index}/_search`, { size: 0, aggs: { below: { filters: { filters } } } });
    if (!answer.ok) return null;
    const { _shards, aggregations } = (await answer.json()) as CountAnswer;
    if (_shards.failed > 0 || aggregations === undefined) return null;
    return new Map(
      Object.entries(aggregations.below.buckets).map(([partition, bucket]) => [
        Number(partition),
        bucket.doc_count,
      ]),
    );
  } catch {
    // Killed, frozen or starting.
    return null;
  }
}

interface CountAnswer {
  readonly _shards: { readonly failed: number };
  readonly aggregations?: { readonly below: { readonly buckets: Record<string, { doc_count: number }> } };
}
