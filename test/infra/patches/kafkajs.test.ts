import { describe, expect, test } from "bun:test";
import { createRequire } from "node:module";
import { CompressionCodecs, CompressionTypes } from "kafkajs";
import { rejection } from "../../support/rejection.ts";
import { decompressSnappy, registerCodecs } from "../../../lib/adapters/kafka/codecs.ts";

/** infra/patches/kafkajs@2.2.4.patch, each of its parts pinned to what it is for; see infra/patches/README.md. */
const require = createRequire(import.meta.url);

interface EncodedBuffer {
  readonly buffer: Buffer;
}
const encodeRecord = require("kafkajs/src/protocol/recordBatch/record/v0") as (
  record: object,
) => EncodedBuffer;
const decodeRecord = require("kafkajs/src/protocol/recordBatch/record/v0/decoder") as (
  decoder: object,
  context: object,
) => { headers: Record<string, unknown>; headerList: { key: string; value: Buffer | null }[] };
const Decoder = require("kafkajs/src/protocol/decoder") as new (buffer: Buffer) => { readVarInt(): number };
const RequestQueue = require("kafkajs/src/network/requestQueue") as new (options: object) => {
  scheduleCheckPendingRequests(): void;
  scheduleRequestTimeoutCheck(): void;
  throttleCheckTimeoutId: unknown;
  requestTimeoutDueAt: number;
  pending: unknown[];
  push(request: object): void;
  fulfillRequest(response: object): void;
  destroy(): void;
};

function roundTrip(headers: { key: string; value: Buffer | null }[]) {
  const encoded = encodeRecord({ key: null, value: Buffer.from("v"), headers });
  const context = { firstOffset: "0", firstOffsetNumber: 0, firstTimestamp: "0", firstTimestampNumber: 0 };
  return decodeRecord(new Decoder(encoded.buffer), context);
}

describe("the kafkajs patch", () => {
  test("an idle connection arms no timer", () => {
    const queue = new RequestQueue({
      requestTimeout: 1000,
      logger: { debug() {} },
      clientId: "c",
      broker: "b",
    });
    queue.scheduleCheckPendingRequests();
    expect(queue.throttleCheckTimeoutId).toBeNull();

    queue.pending.push({});
    queue.scheduleCheckPendingRequests();
    expect(queue.throttleCheckTimeoutId).not.toBeNull();
    queue.destroy();
  });

  test("request timeouts have one timer, due with the first of them, and none where nothing is in flight", async () => {
    const queue = new RequestQueue({
      requestTimeout: 40,
      enforceRequestTimeout: true,
      logger: { debug() {}, warn() {} },
      clientId: "c",
      broker: "b",
    });
    queue.scheduleRequestTimeoutCheck();
    expect(queue.requestTimeoutDueAt).toBe(Infinity);

    const push = (correlationId: number, requestTimeout: number): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const entry = { correlationId, apiName: "A", apiKey: 0, apiVersion: 0, resolve, reject };
        queue.push({ entry, expectResponse: true, requestTimeout, sendRequest() {} });
      });
    const begin = Date.now();
    const slow = push(1, 60_000);
    expect(queue.requestTimeoutDueAt - begin).toBeGreaterThanOrEqual(60_000);
    const quick = push(2, 40);
    expect(queue.requestTimeoutDueAt - begin).toBeLessThan(1_000);
    expect(await rejection(quick)).toMatchObject({ name: "KafkaJSRequestTimeoutError" });
    // The other one goes on, and has the timer now.
    expect(queue.requestTimeoutDueAt - begin).toBeGreaterThanOrEqual(60_000);
    queue.fulfillRequest({ correlationId: 1, payload: Buffer.alloc(0), size: 0 });
    await slow;
    queue.destroy();
  });

  test("headers keep order, repetitions and null values, out and in", () => {
    const headers = [
      { key: "b", value: Buffer.from("1") },
      { key: "a", value: null },
      { key: "b", value: Buffer.from("2") },
      { key: "", value: Buffer.alloc(0) },
    ];
    expect(roundTrip(headers).headerList).toEqual(headers);
  });

  test("a header named like a member of Object is just a header", () => {
    const { headers } = roundTrip([
      { key: "constructor", value: Buffer.from("x") },
      { key: "__proto__", value: Buffer.from("y") },
    ]);
    expect(headers["constructor"]).toEqual(Buffer.from("x"));
    expect(headers["__proto__"]).toEqual(Buffer.from("y"));
  });

  test("what it adds to the consumer is there", () => {
    const events = require("kafkajs/src/consumer/instrumentationEvents") as {
      events: Record<string, string>;
    };
    expect(events.events["FETCH_POSITIONS"]).toBe("consumer.fetch_positions");
    const ConsumerGroup = require("kafkajs/src/consumer/consumerGroup") as { prototype: object };
    expect(ConsumerGroup.prototype).toHaveProperty("describeAssignment");
  });
});

describe("codecs", () => {
  test.each([CompressionTypes.GZIP, CompressionTypes.Snappy, CompressionTypes.LZ4, CompressionTypes.ZSTD])(
    "codec %d gives back what it took",
    async (type) => {
      registerCodecs();
      const codec = (
        CompressionCodecs as Record<
          number,
          () => { compress(e: object): Promise<Buffer>; decompress(b: Buffer): Promise<Buffer> }
        >
      )[type]?.();
      const plain = Buffer.from("a line of a log ".repeat(1000));
      const packed = await codec?.compress({ buffer: plain });
      expect(packed?.length).toBeLessThan(plain.length);
      expect(await codec?.decompress(packed ?? Buffer.alloc(0))).toEqual(plain);
    },
  );

  test("snappy-java's stream of blocks is read", async () => {
    registerCodecs();
    const { compress } = require("snappy") as { compress: (plain: Buffer) => Promise<Buffer> };
    const parts = [Buffer.from("first block "), Buffer.from("second block")];
    const chunks: Buffer[] = [
      Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]),
    ];
    for (const part of parts) {
      const block = await compress(part);
      const length = Buffer.alloc(4);
      length.writeInt32BE(block.length);
      chunks.push(length, block);
    }
    expect(await decompressSnappy(Buffer.concat(chunks))).toEqual(Buffer.concat(parts));
  });
});
