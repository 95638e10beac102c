import { afterEach, describe, expect, jest, test } from "bun:test";
import { createRequire } from "node:module";
import { createServer, type Socket } from "node:net";
import { KafkaJSRequestTimeoutError } from "kafkajs";
import { createAddressBook } from "../../../lib/adapters/kafka/client/address-book.ts";
import { advance } from "../../support/fake-time.ts";
import { rejection } from "../../support/rejection.ts";

/** infra/patches/kafkajs/04-addresses.patch, 07-links.patch and 09-other-brokers.patch */
const require = createRequire(import.meta.url);

const silent = { debug() {}, error() {}, warn() {}, info() {} };
const logger = { ...silent, namespace: () => silent };

interface Pool {
  readonly host: string;
  readonly port: number;
}
const poolBuilder = require("kafkajs/src/cluster/connectionPoolBuilder") as (options: object) => {
  build(destination?: object): Promise<Pool>;
};
interface Broker {
  connect(): Promise<void>;
  readonly connectionPool: Pool;
}
const BrokerPool = require("kafkajs/src/cluster/brokerPool") as new (options: object) => {
  seedBroker: Broker | undefined;
  brokers: Record<string, object>;
  metadata: object | null;
  connect(): Promise<void>;
  findConnectedBroker(): Promise<object>;
  refreshMetadata(topics: string[]): Promise<void>;
  withBroker(callback: (found: { nodeId: string }) => Promise<unknown>): Promise<unknown>;
};
const socketFactory = (require("kafkajs/src/network/socketFactory") as () => object)();

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** A port that takes connections and never answers. */
async function silentPort(): Promise<{ address: string; sockets: Set<Socket>; asked: Promise<void> }> {
  const sockets = new Set<Socket>();
  const asked = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("data", () => asked.resolve());
    socket.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = `127.0.0.1:${(server.address() as { port: number }).port}`;
  return { address, sockets, asked: asked.promise };
}

describe("an address of the list, in the patched kafkajs", () => {
  test.each([
    ["kafka-1:9092", { host: "kafka-1", port: 9092 }],
    ["[::1]:9092", { host: "::1", port: 9092 }],
    ["[2001:db8::7]:19092", { host: "2001:db8::7", port: 19092 }],
  ])("%s", async (broker, wanted) => {
    const made = await poolBuilder({ brokers: [broker], logger }).build();
    expect(made).toMatchObject(wanted);
  });

  test("is chosen by whoever knows how others fared", async () => {
    const links = { choose: (brokers: readonly string[]) => brokers.at(-1) };
    const made = await poolBuilder({ brokers: ["a:1", "b:2"], logger, links }).build();
    expect(made).toMatchObject({ host: "b", port: 2 });
  });
});

describe("a broker that says nothing", () => {
  const retry = { retries: 1, initialRetryTime: 1, maxRetryTime: 1 };

  test("is given up after 3 s, and the next address is tried", async () => {
    jest.useFakeTimers();
    closers.push(() => jest.useRealTimers());
    const { address, sockets, asked: wasAsked } = await silentPort();
    const addresses = createAddressBook(() => 0);
    const links = { ...addresses, lost: (at: string) => addresses.lost(at) };
    const asked: string[] = [];
    const connectionPoolBuilder = poolBuilder({
      brokers: [address, "127.0.0.1:1"],
      logger,
      links,
      socketFactory,
      clientId: "test",
      connectionTimeout: 5_000,
      requestTimeout: 30_000,
    });
    const pool = new BrokerPool({
      logger,
      retry,
      connectionPoolBuilder: {
        async build(destination?: object) {
          const built = await connectionPoolBuilder.build(destination);
          asked.push(`${built.host}:${built.port}`);
          return built;
        },
      },
    });
    const failed = rejection(pool.connect());
    await wasAsked;
    await advance(2_900);
    expect(asked).toEqual([address]);
    await advance(200);
    // What is left are pauses between tries.
    jest.useRealTimers();
    expect(await failed).toMatchObject({ message: "Connection error: connect ECONNREFUSED 127.0.0.1:1" });
    expect(sockets.size).toBe(1);
    expect(asked.slice(0, 2)).toEqual([address, "127.0.0.1:1"]);
    expect(addresses.lostOf([address, "127.0.0.1:1"])).toEqual([address, "127.0.0.1:1"]);
  });

  /** A pool of brokers, the seed with id 1, that is told by its first broker who is there. */
  function known(nodes: readonly number[], brokers: Record<string, object>) {
    const pool = new BrokerPool({
      logger,
      retry: { ...retry, retries: 3 },
      connectionPoolBuilder: { build: () => Promise.reject(new Error("no other is needed")) },
    });
    const seed = {
      nodeId: 1,
      isConnected: () => true,
      connectionPool: { host: "h", port: 1 },
      metadata: () =>
        Promise.resolve({
          brokers: nodes.map((nodeId) => ({ nodeId, host: "h", port: nodeId, rack: undefined })),
        }),
    };
    Object.assign(pool, { seedBroker: seed, brokers: { 1: seed, ...brokers } });
    return pool;
  }

  test("and has left the cluster is let go of, and nobody waits for it", async () => {
    let left = false;
    const gone = {
      isConnected: () => false,
      connectionPool: { host: "h", port: 2 },
      disconnect: () => new Promise(() => {}),
      leave: () => (left = true),
    };
    const pool = known([1], { 2: gone });
    await pool.refreshMetadata([]);
    expect([left, Object.keys(pool.brokers)]).toEqual([true, ["1"]]);
  });

  test("is asked for metadata once, and then another; where none answers, the reason is told", async () => {
    const timedOut = new KafkaJSRequestTimeoutError("Request Metadata(key: 3, version: 6) timed out");
    const asked: string[] = [];
    const connected = { 2: true, 3: true };
    const frozen = (nodeId: 2 | 3) => ({
      nodeId,
      isConnected: () => connected[nodeId],
      connect: () => Promise.reject(Object.assign(new Error("away"), { retriable: false })),
      disconnect: () => Promise.resolve(),
      connectionPool: { host: "h", port: nodeId },
      metadata() {
        asked.push(`broker ${nodeId}`);
        connected[nodeId] = false;
        return Promise.reject(timedOut);
      },
    });
    const pool = known([1, 2, 3], { 2: frozen(2), 3: frozen(3) });
    // Those that are silent count as connected before the one that answers.
    Object.assign(pool.seedBroker ?? {}, { isConnected: () => !connected[2] && !connected[3] });
    await pool.refreshMetadata(["t"]);
    expect(asked.toSorted()).toEqual(["broker 2", "broker 3"]);
    expect(pool.metadata).toMatchObject({ brokers: [{ nodeId: 1 }, { nodeId: 2 }, { nodeId: 3 }] });

    connected[2] = true;
    pool.brokers = { 2: frozen(2) };
    expect(await rejection(pool.refreshMetadata(["t"]))).toBe(timedOut);
  });

  test("is passed over by a question that any of them may answer; where none does, the reason is told", async () => {
    const away = {
      isConnected: () => false,
      connectionPool: { host: "h", port: 2 },
      connect: () => Promise.reject(Object.assign(new Error("away"), { retriable: false })),
      disconnect: () => Promise.resolve(),
    };
    const pool = known([1, 2], { 2: away });
    for (let turn = 0; turn < 8; turn += 1)
      expect(await pool.withBroker(({ nodeId }) => Promise.resolve(nodeId))).toBe("1");
    pool.brokers = { 2: away };
    expect(await rejection(pool.withBroker(() => Promise.resolve()))).toMatchObject({ message: "away" });
  });
});
