import { expect } from "bun:test";
import { eventually } from "./eventually.ts";
import type { TestHost } from "./host.ts";
import type { TestKafka } from "./kafka.ts";
import { compareWithKafka, type Position, positionsIn } from "./positions.ts";
import type { StackClients } from "./stack-clients.ts";

/** The part of `POST /reconcile`'s answer that the reload tests use. */
export interface ReconcileAnswer {
  readonly dryRun: boolean;
  readonly hash: string;
  readonly plan: Readonly<
    Record<"start" | "stop" | "replace" | "keep" | "pending", readonly { readonly topic: string }[]>
  > & {
    readonly refused: readonly { readonly reason: string; readonly lastGoodKept: boolean }[];
  };
  readonly conflicts: readonly unknown[];
  readonly excluded: readonly unknown[];
  readonly sources: {
    readonly config: SourceAnswer;
    readonly etcd: (SourceAnswer & { readonly revision: number | null }) | null;
  };
}

interface SourceAnswer {
  readonly ok: boolean;
  readonly error: string | null;
  readonly declarations: number;
}

export async function reconcile(host: TestHost, query = ""): Promise<ReconcileAnswer> {
  const answer = await host.fetch(`/reconcile${query}`, { method: "POST" });
  expect(answer.status).toBe(200);
  return (await answer.json()) as ReconcileAnswer;
}

/**
 * Waits for this readiness.
 * @param token of a host that shows reasons only with a token
 * @returns the reason of the check; null if there is no such check
 */
export async function untilReady(
  host: TestHost,
  ready: boolean,
  check: "config" | "etcd" | "kafka" | "elasticsearch",
  token?: string,
): Promise<string | null> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const { reason } = await eventually(`readyz is ${ready ? 200 : 503}`, async () => {
    const answer = await host.fetch("/readyz", { headers });
    if (answer.status !== (ready ? 200 : 503)) return null;
    const { checks } = (await answer.json()) as { checks: Record<string, { ok: boolean; reason: string }> };
    return ready || checks[check]?.ok === false ? { reason: checks[check]?.reason ?? null } : null;
  });
  return reason;
}

export function untilRunning(host: TestHost, ...topics: string[]): Promise<unknown> {
  return Promise.all(
    topics.map((topic) => host.untilTopic(topic, "runs", ({ state }) => state === "running")),
  );
}

export function untilGone(host: TestHost, topic: string): Promise<unknown> {
  return eventually(
    `topic ${topic} is gone from the host`,
    async () => !(await host.topics()).some((status) => status.topic === topic),
  );
}

/** Waits until the host has committed all records of the topics. */
export async function untilCommitted(
  { kafka, config }: StackClients,
  topics: readonly string[],
  deadlineMs?: number,
): Promise<void> {
  for (const topic of topics) {
    await eventually(
      `all of ${topic} is committed`,
      async () => {
        const committed = await kafka.committed(config.kafka.group, topic);
        return [...(await kafka.ends(topic))].every(([partition, end]) => {
          const offset = committed.get(partition) ?? -1;
          return offset === end || (end === 0 && offset === -1);
        });
      },
      deadlineMs,
    );
  }
}

/** Waits until everything is committed, and expects each offset of the topics once across the indices. */
export async function expectEachOffsetOnce(
  servers: StackClients,
  topics: readonly string[],
  indices: string,
  deadlineMs?: number,
): Promise<readonly Position[]> {
  await untilCommitted(servers, topics, deadlineMs);
  const positions = await positionsIn(servers.elasticsearch, indices);
  const { records, missing, doubled } = await compareWithKafka(servers.kafka, topics, positions);
  expect({
    missing: missing.slice(0, 10),
    doubled: doubled.slice(0, 10),
    documents: positions.length,
  }).toEqual({ missing: [], doubled: [], documents: records });
  return positions;
}

interface Change {
  readonly start: readonly string[];
  readonly stop: readonly string[];
  readonly replace: readonly string[];
  readonly reasons: readonly string[];
}

/** The changes in the host's log, in order. */
export function changesIn(host: TestHost): Change[] {
  return host
    .log()
    .filter(({ msg }) => msg === "reconciled")
    .map(({ reasons, started, stopped, replaced }) => ({
      reasons: reasons as string[],
      start: started as string[],
      stop: stopped as string[],
      replace: replaced as string[],
    }));
}

/** Topics that were stopped or replaced, by the host's log: how often, a retry may change. */
export function disturbedIn(host: TestHost): string[] {
  return [...new Set(changesIn(host).flatMap(({ stop, replace }) => stop.concat(replace)))].sort();
}

interface GroupClients {
  readonly kafka: TestKafka;
  readonly config: { readonly kafka: { readonly group: string } };
}

/** The ids of the group's members, assigned by the broker, in order. They change if a host leaves and rejoins. */
export async function memberIds({ kafka, config }: GroupClients): Promise<string[]> {
  const groups = await kafka.groups([config.kafka.group]);
  return groups.flatMap(({ members }) => members.map(({ memberId }) => memberId)).toSorted();
}

/**
 * Expects the members of before in the group, unless a session of 6 s ended because the machine stood still: then one of the
 * hosts says so, maybe a little later.
 * @returns whether they are the same
 */
export async function expectSameMembers(
  clients: GroupClients,
  before: readonly string[],
  ...hosts: readonly TestHost[]
): Promise<boolean> {
  const hasLost = (host: TestHost): boolean =>
    host.log().some(({ msg }) => msg === "this host lost its partitions");
  let isSame = false;
  await eventually("the group has the same members", async () => {
    isSame = Bun.deepEquals(await memberIds(clients), before);
    return isSame || hosts.some(hasLost);
  });
  if (!isSame) process.stderr.write("a session of 6 s ended: members are not compared\n");
  return isSame;
}
