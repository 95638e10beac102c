import { expect, test } from "bun:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createRequire } from "node:module";
import { AssignerProtocol, type AssignmentContext, KafkaJSConnectionError, KafkaJSError } from "kafkajs";
import { eventually } from "../../support/eventually.ts";

/** The part of infra/patches/kafkajs@2.2.4.patch that is about a rebalance whose join fails at first. */
const require = createRequire(import.meta.url);

const ConsumerGroup = require("kafkajs/src/consumer/consumerGroup") as new (options: object) => {
  heartbeat(options: { readonly interval: number }): Promise<void>;
};
const Runner = require("kafkajs/src/consumer/runner") as new (options: object) => {
  start(): Promise<void>;
  stop(): Promise<void>;
};

const silent = { debug() {}, info() {}, warn() {}, error() {}, namespace: () => silent };
const retry = { initialRetryTime: 1, maxRetryTime: 2, retries: 3, factor: 0, multiplier: 1 };
const { MemberAssignment, MemberMetadata } = AssignerProtocol;

/** A member of a group, whose coordinator takes every heartbeat but one, as a coordinator that has just moved does. */
function member() {
  const seen: string[] = [];
  let heartbeatsFail = false;
  let failsNext: "joinFails" | "assignmentFails" | null = null;
  const failing = (what: typeof failsNext): boolean => {
    if (what === null || failsNext !== what) return false;
    failsNext = null;
    seen.push(what);
    return true;
  };
  const broken = () => Promise.reject(new KafkaJSConnectionError("Connection error: read ECONNRESET"));
  let generationId = 0;
  let isGone = false;
  let commit = (_offset: string): Promise<void> => Promise.reject(new Error("nothing is assigned"));
  let joinWaits: Promise<void> | undefined;
  let heartbeats = 0;
  let joins = 0;
  const coordinator = {
    isConnected: () => true,
    offsetFetch: () =>
      Promise.resolve({ responses: [{ topic: "t", partitions: [{ partition: 0, offset: "0" }] }] }),
    async joinGroup() {
      joins += 1;
      if (failing("joinFails")) return broken();
      await joinWaits;
      generationId += 1;
      return {
        generationId,
        leaderId: "other",
        memberId: "m",
        members: [],
        groupProtocol: "p",
      };
    },
    syncGroup: () =>
      Promise.resolve({
        memberAssignment: MemberAssignment.encode({
          version: 0,
          assignment: { t: [0] },
          userData: Buffer.alloc(0),
        }),
      }),
    heartbeat() {
      heartbeats += 1;
      if (isGone) return broken();
      if (!heartbeatsFail) return Promise.resolve();
      heartbeatsFail = false;
      return Promise.reject(Object.assign(new KafkaJSError("moved"), { type: "NOT_COORDINATOR_FOR_GROUP" }));
    },
    leaveGroup: () => Promise.resolve(),
  };
  const successor = {
    ...coordinator,
    heartbeat: () => Promise.resolve(void seen.push("beats at the successor")),
    offsetCommit: () => Promise.resolve(void seen.push("commits at the successor")),
  };
  const offsets = { t: { 0: "0" } };
  const group = new ConsumerGroup({
    logger: silent,
    topics: ["t"],
    topicConfigurations: { t: {} },
    retry,
    groupId: "g",
    assigners: [
      {
        name: "p",
        protocol: () => ({
          name: "p",
          metadata: MemberMetadata.encode({ version: 0, topics: ["t"], userData: Buffer.alloc(0) }),
        }),
      },
    ],
    instrumentationEmitter: { emit() {} },
    metadataMaxAge: 60_000,
    maxWaitTimeInMs: 1,
    minBytes: 1,
    maxBytes: 1,
    cluster: {
      connect: () => Promise.resolve(),
      refreshMetadata: () => Promise.resolve(),
      refreshMetadataIfNecessary: () => Promise.resolve(),
      getNodeIds: () => [1],
      findGroupCoordinator: () => Promise.resolve(isGone ? successor : coordinator),
      markOffsetAsCommitted() {},
      findTopicPartitionMetadata: () => [{ partitionId: 0, leader: 1, replicas: [1], isr: [1] }],
      findLeaderForPartitions: () => ({ 1: [0] }),
      committedOffsets: () => offsets,
      findBroker: () =>
        Promise.resolve({
          async fetch() {
            seen.push("fetches");
            await sleep(1);
            return { responses: [] };
          },
          abandonFetch() {},
        }),
    },
    onAssigned(context: AssignmentContext) {
      if (failing("assignmentFails")) return broken();
      seen.push("assigned");
      commit = (offset) =>
        context.commit([{ topic: "t", partitions: [{ partition: 0, offset, metadata: null }] }]);
      return undefined;
    },
    onRebalance: () => void seen.push("rebalance"),
  });
  const runner = new Runner({
    logger: silent,
    consumerGroup: group,
    instrumentationEmitter: { emit() {} },
    heartbeatInterval: 0,
    retry,
    autoCommit: false,
    eachBatch: () => Promise.resolve(),
    onCrash: (error: Error) => void seen.push(`crash: ${error.message}`),
    concurrency: 1,
  });
  return {
    seen,
    runner,
    commit: (offset: string) => commit(offset),
    /** Sends a heartbeat, as whoever handles a batch does. @returns how many were sent by then */
    beat: async () => {
      await group.heartbeat({ interval: 0 });
      return heartbeats;
    },
    joins: () => joins,
    /** Of the joins to come: as the coordinator does while it waits for other members. */
    holdJoins: (until: Promise<void>) => void (joinWaits = until),
    /** The coordinator's broker is gone, and another one has taken the group over. */
    moveCoordinator: () => void (isGone = true),
    /** The next heartbeat tells of one, and the join after it fails. */
    rebalance: (failure: NonNullable<typeof failsNext>): void => {
      failsNext = failure;
      heartbeatsFail = true;
    },
  };
}

test.each([
  { failure: "joinFails", what: "the connection breaks while it joins" },
  { failure: "assignmentFails", what: "it joined and could not find out where to read on" },
] as const)("a rebalance ends with an assignment, also where $what", async ({ failure }) => {
  const { seen, runner, rebalance } = member();
  await runner.start();
  try {
    rebalance(failure);
    await eventually("it was assigned again", () => seen.filter((what) => what === "assigned").length > 1);
    const told = seen.slice(seen.indexOf("rebalance"));
    // Not fetching on in between, and told again.
    expect(told.slice(0, told.lastIndexOf("assigned"))).toEqual(["rebalance", failure, "rebalance"]);
  } finally {
    await runner.stop();
  }
});

test("a member whose coordinator's broker is gone goes on with the next one, without a rebalance", async () => {
  const { seen, runner, commit, moveCoordinator } = member();
  await runner.start();
  try {
    moveCoordinator();
    await eventually("it beats again", () => seen.includes("beats at the successor"));
    await commit("5");
    expect(seen.filter((what) => !["fetches", "beats at the successor"].includes(what))).toEqual([
      "assigned",
      "commits at the successor",
    ]);
  } finally {
    await runner.stop();
  }
});

test("a member that joins sends no heartbeat: behind the join on its connection it would time out, and close that", async () => {
  const { seen, runner, rebalance, beat, joins, holdJoins } = member();
  await runner.start();
  const joined = Promise.withResolvers<void>();
  try {
    holdJoins(joined.promise);
    rebalance("assignmentFails");
    await eventually("it joins again", () => joins() > 1);
    const before = await beat();
    expect(await beat()).toBe(before);
    joined.resolve();
    await eventually("it was assigned again", () => seen.filter((what) => what === "assigned").length > 1);
    expect(await beat()).toBeGreaterThan(before);
  } finally {
    joined.resolve();
    await runner.stop();
  }
});
