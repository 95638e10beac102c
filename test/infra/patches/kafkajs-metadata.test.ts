import { describe, expect, test } from "bun:test";
import { createRequire } from "node:module";
import { rejection } from "../../support/rejection.ts";

/** infra/patches/kafkajs/08-request-limits.patch and 10-metadata.patch */
const require = createRequire(import.meta.url);

interface Encoder {
  readonly buffer: Buffer;
  writeInt16(value: number): Encoder;
  writeInt32(value: number): Encoder;
  writeBoolean(value: boolean): Encoder;
  writeString(value: string): Encoder;
  writeArray(values: Encoder[] | number[], type?: string): Encoder;
}
const Encoder = require("kafkajs/src/protocol/encoder") as new () => Encoder;

interface Call {
  readonly limit?: number;
  readonly response: {
    decode(payload: Buffer): Promise<object>;
    parse(decoded: object): Promise<object>;
  };
}
const { lookup } = require("kafkajs/src/protocol/requests") as { lookup: (versions: object) => unknown };
const Broker = require("kafkajs/src/broker") as new (options: object) => {
  lookupRequest: unknown;
  metadata(topics?: string[]): Promise<{ topicMetadata: { topic: string; partitionMetadata: object[] }[] }>;
};

const [NONE, LEADER_NOT_AVAILABLE] = [0, 5];

/** A topic of two partitions, the first with this error, as Metadata v6 writes it (kafka.apache.org/protocol). */
function topic(name: string, error: number): Encoder {
  const partition = (code: number, id: number): Encoder =>
    new Encoder()
      .writeInt16(code)
      .writeInt32(id)
      .writeInt32(code === NONE ? 1 : -1)
      .writeArray([1], "int32")
      .writeArray([1], "int32")
      .writeArray([], "int32");
  return new Encoder()
    .writeInt16(NONE)
    .writeString(name)
    .writeBoolean(false)
    .writeArray([partition(error, 0), partition(NONE, 1)]);
}

const answer = new Encoder()
  .writeInt32(0)
  .writeArray([new Encoder().writeInt32(1).writeString("h").writeInt32(9092).writeString("rack")])
  .writeString("cluster")
  .writeInt32(1)
  .writeArray([topic("sick", LEADER_NOT_AVAILABLE), topic("well", NONE)]).buffer;

/** A broker whose answer is the one above, whatever it is asked. @param limits those of requests are added to it */
function broker(limits: (number | undefined)[] = []) {
  const silent = { debug() {}, error() {}, warn() {}, info() {} };
  const made = new Broker({
    connectionPool: {
      host: "h",
      port: 9092,
      isConnected: () => true,
      isAuthenticated: () => true,
      setVersions() {},
      send: async ({ response, limit }: Call) => {
        limits.push(limit);
        return response.parse(await response.decode(answer));
      },
    },
    logger: { ...silent, namespace: () => silent },
  });
  // As it does once it is connected.
  made.lookupRequest = lookup({ 3: { minVersion: 0, maxVersion: 6 } });
  return made;
}

describe("metadata of the patched kafkajs, where one partition has no leader", () => {
  test("of all topics: every topic is there, with all its partitions", async () => {
    const { topicMetadata } = await broker().metadata();
    const found = topicMetadata.map((entry) => [entry.topic, entry.partitionMetadata.length]);
    expect(found).toEqual([
      ["sick", 2],
      ["well", 2],
    ]);
  });

  test("of topics that are named: the error, as before", async () => {
    expect(await rejection(broker().metadata(["sick", "well"]))).toMatchObject({
      type: "LEADER_NOT_AVAILABLE",
    });
  });

  test("has ten seconds where it is of a few topics: everybody who needs it waits for a broker that is silent", async () => {
    const limits: (number | undefined)[] = [];
    const asked = broker(limits);
    await rejection(asked.metadata(["sick"]));
    await asked.metadata();
    expect(limits).toEqual([10_000, undefined]);
  });
});
