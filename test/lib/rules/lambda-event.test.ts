import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { PenstockError } from "../../../lib/rules/base/errors.ts";
import { batchItemFailures, parseKafkaEvent } from "../../../lib/rules/lambda-event.ts";
import { kafkaEvent } from "../../support/kafka-event.ts";
import { sourceRecord } from "../../support/records.ts";

const viaJson = (event: unknown): unknown => JSON.parse(JSON.stringify(event));

describe("an event", () => {
  /** As AWS documents it: https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html */
  const documented = {
    eventSource: "aws:kafka",
    eventSourceArn: "arn:aws:kafka:us-east-1:123456789012:cluster/vpc-2priv-2pub/751d2973-a626-431c-9d4e-2",
    bootstrapServers: "b-2.demo-cluster-1.a1bcde.c1.kafka.us-east-1.amazonaws.com:9092",
    records: {
      "mytopic-0": [
        {
          topic: "mytopic",
          partition: 0,
          offset: 15,
          timestamp: 1545084650987,
          timestampType: "CREATE_TIME",
          key: "abcDEFghiJKLmnoPQRstuVWXyz1234==",
          value: "SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==",
          headers: [{ headerKey: [104, 101, 97, 100, 101, 114, 86, 97, 108, 117, 101] }],
        },
      ],
    },
  };

  test("is read as AWS documents it", () => {
    const [batch, ...rest] = parseKafkaEvent(documented);
    expect(rest).toEqual([]);
    expect(batch).toEqual({
      name: "mytopic-0",
      topic: "mytopic",
      partition: 0,
      records: [
        {
          partition: 0,
          offset: 15,
          timestamp: 1545084650987,
          key: Buffer.from("abcDEFghiJKLmnoPQRstuVWXyz1234==", "base64"),
          value: Buffer.from("Hello, this is a test."),
          headers: [{ name: "headerKey", value: Buffer.from("headerValue") }],
        },
      ],
    });
  });

  test("may come from a self-managed Kafka, with records without key, value and headers", () => {
    const bare = { topic: "t", partition: 3, offset: 0, timestamp: -1 };
    const event = {
      eventSource: "SelfManagedKafka",
      records: { "t-3": [{ ...bare, key: null }], "u-0": [] },
    };
    expect(parseKafkaEvent(event)).toEqual([
      {
        name: "t-3",
        topic: "t",
        partition: 3,
        records: [{ partition: 3, offset: 0, timestamp: -1, key: null, value: null, headers: [] }],
      },
    ]);
  });

  const withRecord = (changes: object) => ({
    ...documented,
    records: { "mytopic-0": [{ ...documented.records["mytopic-0"][0], ...changes }] },
  });
  test.each([
    [null, "the event: null is not a mapping"],
    [[], "the event: (a list) is not a mapping"],
    [{}, "eventSource is required; records is required"],
    [
      { eventSource: "aws:sqs", records: {} },
      'eventSource: "aws:sqs" is not one of aws:kafka or SelfManagedKafka',
    ],
    [{ eventSource: "aws:kafka", records: [] }, "records: (a list) is not a mapping"],
    [{ eventSource: "aws:kafka", records: { "t-0": {} } }, "records.t-0: (a mapping) is not a list"],
    [{ eventSource: "aws:kafka", records: { "t-0": [1] } }, "records.t-0[0]: 1 is not a mapping"],
    [
      JSON.parse('{"eventSource":"aws:kafka","records":{"__proto__":[]}}'),
      "records.__proto__ is not <topic>-<partition>",
    ],
    [
      withRecord({ topic: "a b" }),
      'records.mytopic-0[0].topic: "a b" is not a Kafka topic name (1 to 249 of a-z A-Z 0-9 . _ -)',
    ],
    [
      withRecord({ partition: 1 }),
      "records.mytopic-0[0]: (a mapping) does not belong here: its topic and partition are mytopic-1",
    ],
    [
      withRecord({ offset: -5 }),
      "records.mytopic-0[0].offset: -5 is not a whole number from 0 to 9007199254740991",
    ],
    [
      withRecord({ offset: 2 ** 53 }),
      "records.mytopic-0[0].offset: 9007199254740992 is not a whole number from 0 to 9007199254740991",
    ],
    [
      withRecord({ timestamp: "now" }),
      'records.mytopic-0[0].timestamp: "now" is not a whole number from -1 to 9007199254740991',
    ],
    [withRecord({ value: "secret!" }), "records.mytopic-0[0].value is not base64"],
    [withRecord({ value: "QQ=" }), "records.mytopic-0[0].value is not base64"],
    [withRecord({ key: 1 }), "records.mytopic-0[0].key is not base64"],
    [withRecord({ headers: {} }), "records.mytopic-0[0].headers is not a list"],
    [withRecord({ headers: [[]] }), "records.mytopic-0[0].headers[0] is not a mapping"],
    [withRecord({ headers: [{ h: "x" }] }), "records.mytopic-0[0].headers[0].h is not a list of bytes"],
    [withRecord({ headers: [{ h: [256] }] }), "records.mytopic-0[0].headers[0].h is not a list of bytes"],
  ])("is refused with place, value and rule (%#)", (event, message) => {
    expect(() => parseKafkaEvent(event)).toThrow(
      expect.objectContaining({ name: PenstockError.name, code: "event_invalid", message }),
    );
  });

  test("with many faults names the first five and counts the others", () => {
    const records = { "t-0": Array.from({ length: 9 }, () => 0) };
    expect(() => parseKafkaEvent({ eventSource: "aws:kafka", records })).toThrow(/t-0\[4\].*; and 4 more$/);
  });
});

test("every record survives a round trip", () => {
  const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
  const record = fc.record({
    partition: fc.nat({ max: 3 }),
    offset: fc.maxSafeNat(),
    timestamp: fc.oneof(fc.constant(-1), fc.maxSafeNat()),
    key: fc.option(bytes),
    value: fc.option(bytes),
    headers: fc.array(
      fc.record({ name: fc.oneof(fc.constant("__proto__"), fc.string()), value: fc.option(bytes) }),
      { maxLength: 4 },
    ),
  });
  const topic = fc.constantFrom("a", "a-1", "A.b_c");
  fc.assert(
    fc.property(fc.array(fc.record({ topic, record }), { maxLength: 20 }), (sent) => {
      const got = parseKafkaEvent(viaJson(kafkaEvent(sent)));
      const expected = Map.groupBy(sent, ({ topic, record }) => `${topic}-${record.partition}`);
      expect(new Map(got.map(({ name, topic, records }) => [name, { topic, records }]))).toEqual(
        new Map(
          [...expected].map(([name, entries]) => [
            name,
            { topic: entries[0]?.topic ?? "", records: entries.map(({ record }) => record) },
          ]),
        ),
      );
    }),
  );
});

test("topics with the same partition name are distinguished by their records", () => {
  const one = kafkaEvent([{ topic: "a-1", record: sourceRecord("x", { partition: 2 }) }]);
  expect(parseKafkaEvent(one)[0]).toMatchObject({ topic: "a-1", partition: 2 });
});

test("failures contain partition and offset", () => {
  expect(
    batchItemFailures([
      { name: "orders-0", offsets: [123, 125] },
      { name: "orders-1", offsets: [] },
      { name: "web-0", offsets: [0] },
    ]),
  ).toEqual({
    batchItemFailures: [
      { itemIdentifier: { partition: "orders-0", offset: 123 } },
      { itemIdentifier: { partition: "orders-0", offset: 125 } },
      { itemIdentifier: { partition: "web-0", offset: 0 } },
    ],
  });
});
