import type { TopicStatus } from "../../../lib/rules/progress/status.ts";
import { eventually } from "../eventually.ts";
import type { TestHost } from "../host.ts";

/** The hosts' statuses, polled continuously. */
export interface Watch {
  /** The longest time since `beginStillness` without a higher commit of some partition on any host. */
  readonly stillnessMs: number;
  /** Call it after the first commits, because indices are created before. */
  beginStillness(): void;
  /** The reasons of `/readyz` for each 503, with their counts; so does an answer that is missing again. */
  readonly unready: ReadonlyMap<string, number>;
  /** Waits until every partition has made progress. */
  untilAllMoved(withinMs: number): Promise<void>;
  stop(): Promise<void>;
}

const EVERY_MS = 500;
const ANSWER_WITHIN_MS = 10_000;
const NO_ANSWER = "no answer to /readyz: ";

/** What is asked of a host. */
type Asked = Pick<TestHost, "fetch">;

/**
 * @param hosts may come and go
 * @param partitions the number declared so far, without idle ones
 * @param idle topics to ignore
 */
export function watchHosts(
  hosts: readonly Asked[],
  partitions: () => number,
  idle: readonly string[] = [],
): Watch {
  const ignored = new Set(idle);
  const seen = new Map<string, { committed: number; at: number }>();
  const unready = new Map<string, number>();
  const stopping = new AbortController();
  let stillnessMs = 0;

  const names = new Map<Asked, string>();
  const begun = new Set<Asked>();
  /** Their last answer is missing. One alone says nothing: on a busy machine, the question may have waited here. */
  const silent = new Set<Asked>();

  const noteReadiness = async (host: Asked): Promise<void> => {
    const name = names.get(host) ?? `host ${names.size + 1}`;
    names.set(host, name);
    const reasons = await reasonsOf(host);
    if (reasons.length === 0) begun.add(host);
    const wasSilent = silent.delete(host);
    if (reasons.some((reason) => reason.startsWith(NO_ANSWER))) {
      silent.add(host);
      if (!wasSilent) return;
    }
    // A new host is not ready before it has started, and a killed one does not answer.
    if (!begun.has(host) || !hosts.includes(host)) return;
    for (const reason of reasons) {
      const key = `${name}: ${reason}`;
      unready.set(key, (unready.get(key) ?? 0) + 1);
    }
  };
  const noteCommits = async (host: Asked): Promise<void> => {
    for (const [place, committed] of commitsIn(await topicsOf(host), ignored)) {
      const at = performance.now();
      const before = seen.get(place) ?? { committed: -1, at };
      stillnessMs = Math.max(stillnessMs, at - before.at);
      if (committed > before.committed) seen.set(place, { committed, at });
    }
  };
  const running = (async () => {
    while (!stopping.signal.aborted) {
      await Promise.all(hosts.flatMap((host) => [noteReadiness(host), noteCommits(host)]));
      await Bun.sleep(EVERY_MS);
    }
  })();

  return {
    get stillnessMs() {
      return stillnessMs;
    },
    beginStillness() {
      const at = performance.now();
      for (const [place, { committed }] of seen) seen.set(place, { committed, at });
      stillnessMs = 0;
    },
    unready,
    async untilAllMoved(withinMs) {
      const before = new Map([...seen].map(([place, { committed }]) => [place, committed]));
      await eventually(
        `all of ${partitions()} partitions move on`,
        () =>
          seen.size === partitions() &&
          [...seen].every(([place, { committed }]) => committed > (before.get(place) ?? 0)),
        withinMs,
      );
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

/** Why `/readyz` is not 200, or was not answered within 10 s; empty if the host is ready. */
export async function reasonsOf(host: Asked): Promise<string[]> {
  try {
    const answer = await host.fetch("/readyz", { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    if (answer.status === 200) return [];
    const { checks } = (await answer.json()) as { checks: Record<string, { ok: boolean; reason: string }> };
    return Object.entries(checks).flatMap(([check, { ok, reason }]) => (ok ? [] : [`${check}: ${reason}`]));
  } catch (error) {
    return [`${NO_ANSWER}${String(error)}`];
  }
}

/** Empty if it does not answer within 10 s. */
export async function topicsOf(host: Asked): Promise<TopicStatus[]> {
  try {
    const answer = await host.fetch("/topics", { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    return (await answer.json()) as TopicStatus[];
  } catch {
    // Its partitions then count as standing still, and readiness counts the missing answer.
    return [];
  }
}

/** By `topic/partition`: the highest commit of all hosts, whichever owns it. */
function commitsIn(
  topics: readonly TopicStatus[],
  ignored: ReadonlySet<string>,
): [place: string, committed: number][] {
  const looked = topics.filter(({ topic }) => !ignored.has(topic));
  return looked.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, committed }): [string, number] => [
      `${topic}/${partition}`,
      committed ?? -1,
    ]),
  );
}
