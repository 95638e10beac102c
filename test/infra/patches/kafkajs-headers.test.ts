import { expect, test } from "bun:test";
import { createRequire } from "node:module";
import { readRecords } from "../../../lib/adapters/kafka/records/record-fields.ts";
import type { BatchHeader } from "../../../lib/adapters/kafka/records/batch-header.ts";
import type { SourceRecord } from "../../../lib/rules/model/record.ts";

/** infra/patches/kafkajs/11-headers.patch */
const require = createRequire(import.meta.url);

const encodeRecord = require("kafkajs/src/protocol/recordBatch/record/v0") as (record: object) => {
  readonly buffer: Buffer;
};

const header: BatchHeader = {
  magic: 2,
  end: 0,
  length: 0,
  firstOffset: 0,
  lastOffset: 0,
  codec: 0,
  isLogAppendTime: false,
  isTransactional: false,
  isControl: false,
  firstTimestamp: 0,
  maxTimestamp: 0,
  producerId: -1,
  count: 1,
  recordsAt: 0,
};

/** What another client makes of a record that was written with them. */
function written(headers: object): SourceRecord["headers"] {
  const { buffer } = encodeRecord({ key: null, value: Buffer.from("v"), headers });
  const records: SourceRecord[] = [];
  readRecords(buffer, 0, { partition: 0, header, from: 0, takeHeaders: () => {} }, records);
  return records[0]?.headers ?? [];
}

test("a list of headers is written with its order, repetitions and null values", () => {
  const headers = [
    { key: "b", value: Buffer.from("1") },
    { key: "a", value: null },
    { key: "constructor", value: Buffer.from("x") },
    { key: "b", value: Buffer.from("2") },
    { key: "", value: Buffer.alloc(0) },
  ];
  expect(written(headers)).toEqual(headers.map(({ key, value }) => ({ name: key, value })));
});

test("an object of headers is written as before", () => {
  expect(written({ a: ["1", "2"], b: Buffer.from("3") })).toEqual([
    { name: "a", value: Buffer.from("1") },
    { name: "a", value: Buffer.from("2") },
    { name: "b", value: Buffer.from("3") },
  ]);
});
