import { describe, expect, test } from "bun:test";
import { fleet } from "../../functions/fleet.ts";
import type { FleetInput, HostReport } from "../../functions/fleet/model.ts";
import type { RosterMember } from "../../lib/rules/group/roster.ts";

const none = { indexed: 0, duplicate: 0, deadLettered: 0, skipped: 0 };

function report(host: string, topics: HostReport["topics"], lag: number | null = 0): HostReport {
  return { host, rate: 10, lag, counts: { ...none, indexed: 5 }, topics };
}

const runs = (topic: string, owned: HostReport["topics"][number]["owned"]) =>
  ({ topic, state: "running", reason: null, rate: 1, counts: { ...none, indexed: 1 }, owned }) as const;

function member(host: string, name: string | null, own: readonly number[]): RosterMember {
  return {
    memberId: `penstock-${host}`,
    clientHost: "10.0.0.7",
    host,
    profile:
      name === null ? null : { name, version: "0.2.0", address: `http://${name}:8080`, startedAtMs: 0 },
    partitions: new Map(own.length === 0 ? [] : [["t", own]]),
    counts: new Map(),
    source: { metadata: new Uint8Array(), assignment: new Uint8Array() },
  };
}

function input(changes: Partial<FleetInput> = {}): FleetInput {
  return {
    group: "penstock",
    self: {
      ...report("self", [runs("t", [[0, 3]])], 3),
      name: "logs-1",
      version: "0.2.0",
      address: "http://logs-1:8080",
      startedAtMs: 0,
    },
    roster: {
      members: [member("self", "logs-1", [0]), member("two", "logs-2", [1]), member("old", null, [2])],
      partitionCounts: new Map([["t", 4]]),
      isSettled: true,
    },
    problem: null,
    peers: new Map([["two", { kind: "answers", report: report("two", [runs("t", [[1, 7]])], 7) }]]),
    gone: [],
    topic: "",
    limit: 100,
    ...changes,
  };
}

describe("the fleet", () => {
  test("names who reads each partition, also for a host that says nothing, and that nobody reads one", () => {
    const { topics } = fleet(input());
    expect(topics).toMatchObject([
      {
        topic: "t",
        lag: 10,
        rate: 2,
        counts: { indexed: 2 },
        partitions: [
          { partition: 0, host: "logs-1", lag: 3 },
          { partition: 1, host: "logs-2", lag: 7 },
          { partition: 2, host: "10.0.0.7", lag: null },
          { partition: 3, host: null, lag: null },
        ],
      },
    ]);
  });

  test("lists this host, those that answer, and one of an older version", () => {
    const { hosts, totals } = fleet(input());
    expect(hosts).toMatchObject([
      { name: "logs-1", isSelf: true, status: "this host", partitions: 1 },
      { name: "logs-2", status: "answers", version: "0.2.0", partitions: 1, lag: 7 },
      { name: "10.0.0.7", status: "unknown", version: null, address: null, partitions: 1, lag: null },
    ]);
    expect(totals).toEqual({ rate: 20, lag: 10, counts: { ...none, indexed: 10 } });
  });

  test("says why a host is away, and since when; what it reads stays known", () => {
    const peers = new Map([
      ["two", { kind: "away", reason: "nothing listens there", sinceMs: 1_000 } as const],
    ]);
    const { hosts, topics, totals } = fleet(input({ peers }));
    expect(hosts[1]).toMatchObject({
      status: "away",
      reason: "nothing listens there",
      since: "1970-01-01T00:00:01.000Z",
      partitions: 1,
      counts: null,
    });
    expect(topics[0]?.partitions[1]).toEqual({ partition: 1, host: "logs-2", lag: null });
    expect(totals.rate).toBe(10);
  });

  test("remembers a host that left", () => {
    const { hosts } = fleet(input({ gone: [{ member: member("three", "logs-3", [3]), sinceMs: 2_000 }] }));
    expect(hosts.at(-1)).toMatchObject({
      name: "logs-3",
      status: "away",
      reason: "it is no longer in the group",
      since: "1970-01-01T00:00:02.000Z",
      partitions: 0,
    });
  });

  test("tells hosts of one machine apart", () => {
    const twin = {
      ...member("two", "logs-1", [1]),
      profile: { name: "logs-1", version: "0.2.0", address: "http://logs-1:8081", startedAtMs: 0 },
    };
    const partitionCounts = new Map([["t", 2]]);
    const roster = { members: [member("self", "logs-1", [0]), twin], partitionCounts, isSettled: true };
    const { hosts, topics } = fleet(input({ roster }));
    expect(hosts.map(({ name }) => name)).toEqual(["logs-1:8080", "logs-1:8081"]);
    expect(topics[0]?.partitions.map(({ host }) => host)).toEqual(["logs-1:8080", "logs-1:8081"]);
  });

  test("shows the worst state, and on which host", () => {
    const stalled = { ...runs("t", [[1, 7]]), state: "stalled", reason: "403" } as const;
    const peers = new Map([["two", { kind: "answers", report: report("two", [stalled]) } as const]]);
    expect(fleet(input({ peers })).topics[0]).toMatchObject({ state: "stalled", reason: "on logs-2: 403" });
  });

  test("names first what nobody reads, then trouble, then the rest by name", () => {
    const owned = [[0, 1]] as const;
    const topics = [
      runs("a", owned),
      { ...runs("b", owned), retrying: true },
      { ...runs("c", owned), state: "stalled" } as const,
      { ...runs("d", owned), state: "failed" } as const,
      { ...runs("e", owned), state: "held" } as const,
    ];
    const partitionCounts = new Map([...topics.map(({ topic }) => [topic, 1] as const), ["z", 1] as const]);
    const roster = { members: [member("self", "logs-1", [])], partitionCounts, isSettled: true };
    const self = { ...input().self, topics };
    const seen = fleet(input({ self, roster, peers: new Map(), limit: 5 })).topics;
    expect(seen.map(({ topic }) => topic)).toEqual(["z", "d", "c", "b", "a"]);
    expect(seen.map(({ retrying }) => retrying)).toEqual([false, false, false, true, false]);
  });

  test("without an answer of Kafka, shows itself and the problem", () => {
    const { hosts, topics, problem } = fleet(
      input({ roster: null, problem: "Kafka is away", peers: new Map() }),
    );
    expect(problem).toBe("Kafka is away");
    expect(hosts).toMatchObject([{ name: "logs-1", partitions: 1 }]);
    expect(topics[0]?.partitions).toEqual([{ partition: 0, host: "logs-1", lag: 3 }]);
  });

  test("filters and bounds the topics, but neither hosts nor totals", () => {
    const counts = new Map([
      ["t", 1],
      ["Tail", 1],
      ["x", 1],
    ]);
    const roster = { members: input().roster?.members ?? [], partitionCounts: counts, isSettled: true };
    const { topics, topicCount, hosts } = fleet(input({ roster, topic: "T", limit: 1 }));
    expect(topics.map(({ topic }) => topic)).toEqual(["Tail"]);
    expect(topicCount).toBe(2);
    expect(hosts).toHaveLength(3);
  });
});
