import { expect, test } from "bun:test";
import {
  Commits,
  type CommitRights,
} from "../../../../../../lib/adapters/kafka/group/coordinator/commits.ts";
import { Coordinator } from "../../../../../../lib/adapters/kafka/group/coordinator/coordinator.ts";
import type { CommitEntry } from "../../../../../../lib/adapters/kafka/group/member/member.ts";
import { Tenure } from "../../../../../../lib/adapters/kafka/group/member/tenure.ts";
import { Troubles } from "../../../../../../lib/adapters/kafka/group/member/troubles.ts";
import type { KafkaApi, KafkaCalls, KafkaWire } from "../../../../../../lib/adapters/kafka/protocol/wire.ts";
import { systemTime } from "../../../../../../lib/adapters/system/system-time.ts";

const { signal } = new AbortController();

/** A coordinator with a limit on offsets per commit, and a number of commits after which it rebalances. */
function world({ most = Infinity, rebalancesAfter = Infinity } = {}) {
  const stored = new Map<string, number>();
  const sizes: number[] = [];
  let commits = 0;
  const answer = (api: KafkaApi, request: unknown): unknown => {
    if (api === "FindCoordinator") return { error: null, nodeId: 1 };
    const { topics } = request as KafkaCalls["OffsetCommit"]["request"];
    const size = topics.reduce((sum, { partitions }) => sum + partitions.length, 0);
    const error = size > most ? "INVALID_COMMIT_OFFSET_SIZE" : null;
    sizes.push(size);
    if (error === null) commits += 1;
    for (const { topic, partitions } of error === null ? topics : [])
      stored.set(topic, (stored.get(topic) ?? 0) + partitions.length);
    return {
      topics: topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(({ partition }) => ({ partition, error })),
      })),
    };
  };
  const wire: KafkaWire = {
    call: <A extends KafkaApi>(_: number | null, api: A, request: KafkaCalls[A]["request"]) =>
      Promise.resolve(answer(api, request) as KafkaCalls[A]["answer"]),
    cut: () => {},
    knows: () => Promise.resolve(true),
    close: () => Promise.resolve(),
  };
  const rights: CommitRights = {
    token: () => (commits < rebalancesAfter ? { groupId: "g", generation: 1, memberId: "m" } : null),
    check: () => {},
    onAnswer: () => {},
    troubles: new Troubles(
      "g",
      systemTime,
      () => {},
      () => true,
    ),
  };
  return {
    stored,
    sizes,
    commits: new Commits(new Coordinator(wire, "g", systemTime), "g", rights, systemTime),
  };
}

function entriesOf(topics: number, partitions: number): CommitEntry[] {
  return Array.from({ length: topics * partitions }, (_, at) => ({
    tenure: new Tenure(`t${Math.floor(at / partitions)}`, at % partitions),
    offset: 7,
    last: null,
    once: true,
  }));
}

test("a topic is committed in one request: stored in half before a rebalance, it would count as read before", async () => {
  const { commits, stored } = world({ rebalancesAfter: 1 });
  const refused = await commits.commit(entriesOf(200, 6), signal);
  expect([...new Set(stored.values())]).toEqual([6]);
  expect(refused.size).toBe(1_200 - 6 * stored.size);
});

test("the same holds with a smaller commit limit", async () => {
  const { commits, stored } = world({ most: 100, rebalancesAfter: 2 });
  await commits.commit(entriesOf(200, 6), signal);
  expect([...new Set(stored.values())]).toEqual([6]);
});

test("a topic with more partitions than fit into a commit is split", async () => {
  const { commits, stored, sizes } = world({ most: 1_000 });
  await commits.commit(entriesOf(2, 1_500), signal);
  expect(stored).toEqual(
    new Map([
      ["t0", 1_500],
      ["t1", 1_500],
    ]),
  );
  expect(Math.max(...sizes)).toBe(1_000);
});
