import { expect, test } from "bun:test";
import { setImmediate } from "node:timers/promises";
import { createRequire } from "node:module";

/** The parts of infra/patches/kafkajs@2.2.4.patch that keep a consumer that stops from fetching on, or without a pause. */
const require = createRequire(import.meta.url);

interface Fetching {
  start(): Promise<void>;
  stop(): Promise<void>;
}
const createFetchManager = require("kafkajs/src/consumer/fetchManager") as (options: object) => Fetching;
const createFetcher = require("kafkajs/src/consumer/fetcher") as (options: object) => Fetching;
const Runner = require("kafkajs/src/consumer/runner") as new (options: object) => Fetching;

const silent = { debug() {}, info() {}, warn() {}, error() {}, namespace: () => silent };

/** What would freeze the test is an error here. */
const ENDLESS = 100;
function untilEndless<T>(ask: () => T): () => T {
  let asked = 0;
  return () => {
    asked += 1;
    if (asked > ENDLESS) throw new Error("asked without end");
    return ask();
  };
}

/** A cluster of two brokers: the first one's answers are long polls, the second one's come in the next turn. */
function cluster() {
  let nodeIds = ["1", "2"];
  let changed = false;
  const polling = Promise.withResolvers<void>();
  const poll = Promise.withResolvers<[]>();
  let noticed = Promise.withResolvers<void>();
  const asked: string[] = [];
  return {
    /** What was asked for since the brokers changed. */
    asked,
    getNodeIds: untilEndless(() => {
      if (changed) asked.push("brokers");
      noticed.resolve();
      return nodeIds;
    }),
    fetch: async (nodeId: string): Promise<[]> => {
      if (changed) asked.push(nodeId);
      else if (nodeId === "2") await setImmediate();
      else {
        polling.resolve();
        return poll.promise;
      }
      return [];
    },
    /** Until the second broker's fetcher has noticed, and the long poll of the first is waited for. */
    untilBrokersChange: async (): Promise<void> => {
      await polling.promise;
      nodeIds = ["1", "2", "3"];
      changed = true;
      noticed = Promise.withResolvers<void>();
      await noticed.promise;
      await setImmediate();
      expect(asked).toEqual(["brokers"]);
    },
    endLongPoll: () => poll.resolve([]),
  };
}

test("a fetch manager that is stopped while the brokers change does not begin again", async () => {
  const { asked, getNodeIds, fetch, untilBrokersChange, endLongPoll } = cluster();
  const manager = createFetchManager({ logger: silent, getNodeIds, fetch, handler: () => Promise.resolve() });
  const started = manager.start();
  await untilBrokersChange();
  const stopped = manager.stop();
  endLongPoll();
  await Promise.all([started, stopped]);
  expect(asked).toEqual(["brokers"]);
});

test("a consumer that is stopped while the brokers change leaves its group", async () => {
  const { asked, getNodeIds, fetch, untilBrokersChange, endLongPoll } = cluster();
  const did: string[] = [];
  const runner = new Runner({
    logger: silent,
    consumerGroup: {
      getNodeIds,
      fetch,
      connect: () => Promise.resolve(),
      joinAndSync: () => Promise.resolve(),
      heartbeat: () => Promise.resolve(),
      stopFetching: endLongPoll,
      leave: () => Promise.resolve(void did.push("left")),
    },
    instrumentationEmitter: { emit() {} },
    autoCommit: false,
    eachBatch: () => Promise.resolve(),
    onCrash: (error: Error) => void did.push(`crash: ${error.message}`),
    concurrency: 1,
  });
  await runner.start();
  await untilBrokersChange();
  await runner.stop();
  expect({ asked, did }).toEqual({ asked: ["brokers"], did: ["left"] });
});

test("a fetcher whose fetches return at once with nothing lets timers and sockets have their turn", async () => {
  const fetcher = createFetcher({
    nodeId: "1",
    workerQueue: { push: () => Promise.resolve() },
    partitionAssignments: new Map(),
    fetch: untilEndless(() => Promise.resolve([])),
    logger: silent,
  });
  const started = fetcher.start();
  await setImmediate();
  await fetcher.stop();
  await started;
});

test("a fetcher whose consumer does not run any more ends", async () => {
  const fetcher = createFetcher({
    nodeId: "1",
    workerQueue: { push: () => Promise.resolve() },
    partitionAssignments: new Map(),
    fetch: untilEndless(() => Promise.resolve(null)),
    logger: silent,
  });
  await fetcher.start();
  await fetcher.stop();
});
