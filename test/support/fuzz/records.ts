import { expect } from "bun:test";
import { isUtf8 } from "node:buffer";
import * as fc from "fast-check";
import { createBulkEncoder, type EncodedBatch } from "../../../lib/rules/bulk/encoder.ts";
import { deadLetterOf } from "../../../lib/rules/dead-letters/dead-letter.ts";
import type { Specification } from "../../../lib/rules/model/declaration.ts";
import { createDocumentEncoder } from "../../../lib/rules/documents/document.ts";
import { documentId } from "../../../lib/rules/documents/document-id.ts";
import type { SourceRecord } from "../../../lib/rules/model/record.ts";
import { specification } from "../records.ts";
import { anyNasty, expectCleanPrototypes, mutated, nastyText, nastyValue } from "./nasty.ts";
import { type FuzzOptions, type FuzzSummary, runSuite, type Verdict } from "./suite.ts";

export interface RecordCase {
  readonly spec: Specification;
  readonly record: SourceRecord;
  /** A number at the value's top level that its document must contain to the last digit; null for none. */
  readonly digits: string | null;
}

const TIME = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const nested = (depth: number, open: string, close: string): string =>
  `{"a":${open.repeat(depth)}1${close.repeat(depth)}}`;
const members = (count: number): string =>
  `{${Array.from({ length: count }, (_, n) => `"f${n}":${n}`).join(",")}}`;

/** Values that test/integration/hostile-input.test.ts also gives to real servers. */
export const pickedValues: readonly (string | Buffer | null)[] = [
  null,
  "",
  " ",
  "{}",
  "[]",
  "null",
  "true",
  "\0",
  "\0".repeat(1_000),
  '{"a":"\\u0000"}',
  '{"a\\u0000b":1}',
  '{"a":"\\ud800"}',
  '{"\\udc00":"\\ud800\\ud800"}',
  Buffer.from([0xff, 0xfe, 0x00]),
  Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x7d]),
  Buffer.from([0xc0, 0x80]),
  Buffer.from('{"a":1}', "utf16le"),
  '\uFEFF{"a":1}',
  '{"a":1}\n{"b":2}',
  '{"a":1}\r\n{"create":{"_index":"evil","_id":"1"}}\n{"pwned":true}',
  '{"a":\n1,\r\n"b":"x"}',
  "\n\n\n",
  nested(10, "[", "]"),
  nested(30, '{"b":', "}"),
  nested(100, '{"b":', "}"),
  nested(1_200, "[", "]"),
  nested(5_000, '{"b":', "}"),
  nested(100_000, "[", "]"),
  "[".repeat(100_000),
  members(10_000),
  '{"n":1e400}',
  '{"n":-1e400}',
  '{"n":1e-400}',
  `{"n":${"9".repeat(400)}}`,
  `{"n":${"9".repeat(1_500)}}`,
  `{"n":0.${"1".repeat(400)}}`,
  '{"n":-0}',
  '{"n":9223372036854775808}',
  '{"a":1,"a":2}',
  '{"a":{"b":1,"b":2}}',
  '{"a":1,"a.b":2}',
  '{"a.b":1,"a":{"b":2}}',
  '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
  '{"__proto__":1}',
  '{"_id":"evil"}',
  '{"_index":"evil"}',
  '{"_source":{}}',
  '{"_routing":"x"}',
  '{"_field_names":"x"}',
  '{"_seq_no":1}',
  '{"":1}',
  '{" ":1}',
  '{".":1}',
  '{"..":1}',
  '{".a":1}',
  '{"a.":1}',
  '{"a..b":1}',
  '{"*":1,"a*b":2}',
  `{"${"n".repeat(300)}":1}`,
  `{"${"n".repeat(40_000)}":1}`,
  `{"long":"${"x".repeat(40_000)}"}`,
  `{"message":"${"é".repeat(40_000)}"}`,
  '{"when":"2026-01-02"}',
  '{"when":"not a date"}',
  '{"when":2026}',
  '{"when":true}',
  '{"when":{"y":2026}}',
  '{"message":{"a":1}}',
  '{"message":["a","b"]}',
  '{"message":null}',
  '{"message":5}',
  '{"tags":{"a":1}}',
  '{"tags":[1,2]}',
  '{"tags":[]}',
  '{"@timestamp":"never"}',
  '{"@timestamp":{"a":1}}',
  '{"kafka":{"topic":"forged","offset":-1}}',
  '{"kafka":"x"}',
  '{"kafka.offset":99,"kafka.topic":"forged"}',
  '{"log":"x"}',
  '{"log":{"file":"x"}}',
  '{"log.file.path":"x"}',
  '{"json":{"kafka":1},"kafka":2}',
  '{"json":"x","tags":5}',
  '{"event":"x"}',
  '{"host":"x"}',
  '{"host":{"name":{"a":1}},"host.name":5}',
  '{"data_stream":{"type":"logs","dataset":"other"},"data_stream.namespace":"x"}',
  '{"event":{"original":{"a":1}}}',
  '{"time":253402300800000}',
  '{"time":"0000-00-00"}',
];

const twentyMegabytes = 20 * 1024 * 1024;
const specs: readonly Specification[] = [
  specification(),
  specification({ path: '/var/"log"/\u202E.log', index: "app-{yyyy.MM.dd}" }),
  specification({ format: "json" }),
  specification({ format: "json", path: "/var/log/a.log", timestamp: "@timestamp", rejected: "flatten" }),
  specification({ format: "json", timestamp: "time", index: "app-{yyyy.MM.dd}" }),
  specification({ format: "json", timestamp: "a.b", rejected: "flatten" }),
  specification({ format: "json", index: "logs-app-prod", dataStream: "logs-app-prod" }),
];

function record(value: string | Buffer | null, changes: Partial<SourceRecord> = {}): SourceRecord {
  return {
    partition: 3,
    offset: 2 ** 53 - 1,
    timestamp: TIME,
    key: null,
    value: typeof value === "string" ? Buffer.from(value) : value,
    headers: [],
    ...changes,
  };
}

export const picked: readonly RecordCase[] = [
  ...specs.flatMap((spec) => pickedValues.map((value) => ({ spec, record: record(value), digits: null }))),
  ...specs
    .slice(0, 4)
    .flatMap((spec) =>
      [
        Buffer.alloc(twentyMegabytes, "x"),
        `{"message":"${"\\u0000".repeat(twentyMegabytes / 6)}"}`,
        `{"list":[${"1,".repeat(twentyMegabytes / 2)}1]}`,
      ].map((value) => ({ spec, record: record(value), digits: null })),
    ),
  ...[-1, 0, 253_402_300_799_999, 253_402_300_800_000, 2 ** 53].flatMap((timestamp) =>
    specs.map((spec) => ({ spec, record: record('{"a":1}', { timestamp }), digits: null })),
  ),
  ...nastyText.flatMap((text) => {
    const bytes = Buffer.from(text);
    const headers = [text, "", "penstock.topic", "host.name", "log.file.path"].map((name) => ({
      name,
      value: bytes,
    }));
    return specs.map((spec) => ({
      spec,
      record: record(JSON.stringify({ [text]: text, n: { [text]: 1 } }), { key: bytes, headers }),
      digits: null,
    }));
  }),
];

const digits = fc.constantFrom(
  "12345678901234567890",
  "1e400",
  "0.10",
  "-0",
  "1E+5",
  "9".repeat(400),
  `0.${"3".repeat(200)}`,
);
const names = fc.oneof(
  fc.constantFrom(
    "message",
    "@timestamp",
    "time",
    "tags",
    "kafka",
    "kafka.offset",
    "log",
    "log.file",
    "log.file.path",
    "event",
    "json",
    "a.b",
  ),
  anyNasty,
);
const space = fc.constantFrom("", "", "", " ", "\n", "\r\n", "\t");
/** Objects as text, with duplicate names and optional white space; `digits` comes last. */
const objects = fc
  .tuple(fc.array(fc.tuple(names, nastyValue), { maxLength: 6 }), space, digits)
  .map(([entries, gap, literal]) => {
    const texts = entries.map(
      ([name, value]) => `${gap}${JSON.stringify(name)}${gap}:${gap}${JSON.stringify(value)}`,
    );
    return { text: `{${[...texts, `"digits":${literal}`].join(",")}${gap}}`, literal };
  });
const rawValues = fc.oneof(
  { weight: 2, arbitrary: anyNasty.map((text) => Buffer.from(text)) },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 4,
    arbitrary: mutated(
      pickedValues.flatMap((value) => (typeof value === "string" && value.length < 1_000 ? [value] : [])),
      [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        '"',
        "\\",
        "\n",
        "\0",
        '"kafka":1,',
        '"a":',
        "1e400",
        "\\ud800",
        '"__proto__":{}',
      ],
    ).map((text) => Buffer.from(text)),
  },
);
const bytes = fc.oneof(
  anyNasty.map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 20 }).map((raw) => Buffer.from(raw)),
);
const headerNames = fc.oneof(anyNasty, fc.constantFrom("host.name", "log.file.path"));
const around = fc.record({
  partition: fc.nat(5_000),
  offset: fc.maxSafeNat(),
  timestamp: fc.oneof(
    { weight: 19, arbitrary: fc.integer({ min: 0, max: 253_402_300_799_999 }) },
    { weight: 1, arbitrary: fc.constantFrom(-1, 2 ** 53, 253_402_300_800_000) },
  ),
  key: fc.option(bytes),
  headers: fc.array(fc.record({ name: headerNames, value: fc.option(bytes) }), { maxLength: 4 }),
});
const drawn: fc.Arbitrary<RecordCase> = fc
  .tuple(
    fc.constantFrom(...specs),
    around,
    fc.oneof(
      { weight: 3, arbitrary: objects.map(({ text, literal }) => ({ value: Buffer.from(text), literal })) },
      { weight: 2, arbitrary: rawValues.map((value) => ({ value, literal: null })) },
    ),
  )
  .map(([spec, other, { value, literal }]) => ({ spec, record: { ...other, value }, digits: literal }));

function check(input: RecordCase): Verdict {
  const { spec } = input;
  const batch = createBulkEncoder(spec)([input.record]);
  const verdict = checkBatch(batch, input);
  // Compares with the plain encoder, which both others are derived from.
  const plain = createDocumentEncoder(spec)(input.record);
  expect(plain.kind).toBe(
    verdict.kind === "accepted" ? "document" : verdict.kind === "refused" ? "skipped" : "rejected",
  );
  if (plain.kind === "document") expect(linesOf(batch)[1]).toBe(plain.json);
  for (const form of ["flattened", "text"] as const)
    checkBatch(createBulkEncoder(spec, form)([input.record]), input);
  expectCleanPrototypes();
  return verdict;
}

/** Expects one operation of two lines with our metadata, a rejection with a reason, or nothing for a tombstone. */
function checkBatch(
  batch: EncodedBatch,
  { spec, record: { partition, offset, timestamp, ...rest }, digits: literal }: RecordCase,
): Verdict {
  if (rest.value === null) {
    expect(batch.skipped).toEqual([0]);
    return { kind: "refused", rules: ["a tombstone is skipped"] };
  }
  const rejection = batch.rejections.get(0);
  if (rejection !== undefined) {
    expect(batch.bytes).toHaveLength(0);
    const letter = deadLetterOf({
      topic: spec.topic,
      record: { partition, offset, timestamp, ...rest },
      rejection,
      attempts: 1,
      failedAt: TIME,
    });
    const reason = letter.headers.findLast(({ name }) => name === "penstock.error.reason")?.value;
    expect(reason?.length).toBeWithin(1, 1_025);
    return { kind: "dead-lettered", reason: rejection.type };
  }
  expect(isUtf8(batch.bytes)).toBe(true);
  const lines = linesOf(batch);
  expect(lines).toHaveLength(3);
  const [action = "", source = "", end] = lines;
  expect(end).toBe("");
  expect(JSON.parse(action)).toEqual({
    create: {
      _index: batch.indices[0],
      ...(spec.dataStream !== null && { require_data_stream: true }),
      _id: documentId(spec.topic, { partition, offset, timestamp }),
    },
  });
  expect(batch.indices[0]).toMatch(/^(?:app(-\d{4}\.\d\d\.\d\d)?|logs-app-prod)$/);
  const topNames = namesOf(source);
  expect(new Set(topNames).size).toBe(topNames.length);
  const ours = spec.dataStream === null ? ["@timestamp", "kafka"] : ["@timestamp", "data_stream", "kafka"];
  expect(topNames.filter((name) => ours.includes(name.replace(/\..*$/s, ""))).sort()).toEqual(ours);
  const document = JSON.parse(source) as { readonly kafka: object; readonly "@timestamp": string };
  expect(document.kafka).toMatchObject({ topic: spec.topic, partition, offset });
  expect(new Date(document["@timestamp"]).toISOString()).toBe(document["@timestamp"]);
  if (literal !== null && spec.format === "json")
    expect(source.replaceAll("\\", "")).toContain(`"digits":${literal}`);
  return { kind: "accepted" };
}

function linesOf({ bytes: body }: EncodedBatch): string[] {
  return body.toString().split("\n");
}

/** Names at the top level of an object, including duplicates. */
function namesOf(json: string): string[] {
  const found: string[] = [];
  let [depth, at] = [0, 0];
  while (at < json.length) {
    const character = json[at];
    if (character === '"') {
      const start = at;
      for (at += 1; json[at] !== '"'; at += 1) if (json[at] === "\\") at += 1;
      if (depth === 1 && /^\s*:/.test(json.slice(at + 1, at + 20)))
        found.push(String(JSON.parse(json.slice(start, at + 1))));
    } else if (character === "{" || character === "[") depth += 1;
    else if (character === "}" || character === "]") depth -= 1;
    at += 1;
  }
  return found;
}

export function fuzzRecords(options: FuzzOptions): FuzzSummary {
  return runSuite("records", { picked, drawn, check }, options);
}

/** Random values of JSON records, for real servers. */
export function hostileValues(seed: number, count: number): Buffer[] {
  return fc.sample(
    fc.oneof(
      objects.map(({ text }) => Buffer.from(text)),
      rawValues,
    ),
    { seed, numRuns: count },
  );
}
