import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { ByteWriter } from "../../../../lib/rules/bulk/byte-writer.ts";
import {
  createBulkEncoder,
  createPlainEncoder,
  type EncodedBatch,
} from "../../../../lib/rules/bulk/encoder.ts";
import { JsonScanner } from "../../../../lib/rules/bulk/json/json-scanner.ts";
import type { Specification } from "../../../../lib/rules/model/declaration.ts";
import { createDocumentEncoder } from "../../../../lib/rules/documents/document.ts";
import type { SourceRecord } from "../../../../lib/rules/model/record.ts";
import { sourceRecord, specification } from "../../../support/records.ts";
import { rounds } from "../../../support/rounds.ts";

/** The expected batch, document by document. */
function reference(spec: Specification, records: readonly SourceRecord[]) {
  const encode = createDocumentEncoder(spec);
  const only = spec.dataStream === null ? "" : '"require_data_stream":true,';
  const lines: string[] = [];
  const skipped: number[] = [];
  const rejected: number[] = [];
  for (const [position, record] of records.entries()) {
    const encoding = encode(record);
    if (encoding.kind === "skipped") skipped.push(position);
    else if (encoding.kind === "rejected") rejected.push(position);
    else
      lines.push(
        `{"create":{"_index":${JSON.stringify(encoding.index)},${only}"_id":${JSON.stringify(encoding.id)}}}\n${encoding.json}\n`,
      );
  }
  return { lines, skipped, rejected };
}

function linesOf({ bytes, ends }: EncodedBatch): string[] {
  return ends.map((end, operation) => bytes.toString("utf8", ends[operation - 1] ?? 0, end));
}

function expectSame(spec: Specification, records: readonly SourceRecord[]): void {
  const batch = createBulkEncoder(spec)(records);
  const wanted = reference(spec, records);
  expect(linesOf(batch)).toEqual(wanted.lines);
  expect(batch.skipped).toEqual(wanted.skipped);
  expect([...batch.rejections.keys()]).toEqual(wanted.rejected);
  expect(batch.positions).toHaveLength(wanted.lines.length);
  expect(batch.indices).toHaveLength(wanted.lines.length);
  expectPlain(spec, records, batch);
}

/** The same bytes appended to others, or nothing if one of the records is not ordinary. */
function expectPlain(spec: Specification, records: readonly SourceRecord[], batch: EncodedBatch): void {
  const before = "of others\n";
  const out = new ByteWriter(8);
  out.text(before);
  const indices = createPlainEncoder(spec)(out, records);
  const isWhole = batch.positions.length === records.length;
  if (!isWhole) expect(indices).toBeNull();
  if (indices !== null) expect(indices).toEqual(batch.indices);
  expect(String(out.written)).toBe(before + (indices === null ? "" : String(batch.bytes)));
}

const textBytes = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 60 }).map((text) => Buffer.from(text)) },
  { weight: 2, arbitrary: fc.string({ unit: "grapheme", maxLength: 30 }).map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(
        "",
        "\uFEFFbom",
        "line\r",
        "\r",
        "ERROR: gone",
        "10:00:00 [WARN] gone",
        "\u2028\u007f",
        '"\\\b\f\t',
      )
      .map((text) => Buffer.from(text)),
  },
);
const times = fc.oneof(
  fc.integer({ min: 1_770_000_000_000, max: 1_770_000_003_000 }),
  fc.integer({ min: 0, max: 253_402_300_799_999 }),
  fc.constantFrom(-1, 253_402_300_800_000, 0, 59_999, 60_466_175, 60_466_176, 2 ** 53),
);
const headerNames = fc.oneof(
  fc.string({ maxLength: 4 }),
  fc.constantFrom("host.name", "host.name", "log.file.path", "host", "Host.Name"),
);
const offsets = fc.oneof(fc.nat(2000), fc.maxSafeNat());
const recordOf = (value: fc.Arbitrary<Buffer | null>): fc.Arbitrary<SourceRecord> =>
  fc.record({
    partition: fc.nat(3),
    offset: offsets,
    timestamp: times,
    key: fc.option(textBytes, { freq: 2 }),
    value,
    headers: fc.oneof(
      fc.array(fc.record({ name: headerNames, value: fc.option(textBytes) }), { maxLength: 3 }),
      fc.constantFrom([], [], [{ name: "host.name", value: Buffer.from("web-1") }]),
    ),
  });
const specs = (format: "text" | "json"): fc.Arbitrary<Specification> =>
  fc
    .record({
      path: fc.constantFrom(null, '/var/log/"app".log'),
      target: fc.constantFrom(
        { index: "app" },
        { index: "app-{yyyy.MM.dd}" },
        { index: "logs-app-prod", dataStream: "logs-app-prod" },
        { index: "app", dataStream: "app" },
        ...(format === "json" ? [{ index: "app-{a.b}" }, { index: "app-{host}-{a.b}-{yyyy.MM.dd}" }] : []),
      ),
      timestamp:
        format === "json"
          ? fc.constantFrom(
              null,
              "@timestamp",
              "time",
              "a.b",
              ["time", "@timestamp"],
              ["a.b", "seconds", "@timestamp"],
            )
          : fc.constant(null),
      message:
        format === "json" ? fc.constantFrom(null, null, "message", "a", "log", "a.b") : fc.constant(null),
    })
    .chain(({ target, ...changes }) =>
      fc
        .constantFrom("dead-letter" as const, "flatten" as const)
        .map((rejected) => specification({ format, rejected, ...target, ...changes })),
    );

const names = fc.oneof(
  fc.constantFrom(
    "message",
    "level",
    "time",
    "host",
    "a",
    "a.b",
    "seconds",
    "nanos",
    "trace.id",
    "log.level",
  ),
  fc.constantFrom(
    "@timestamp",
    "kafka",
    "kafka.x",
    "tags",
    "log",
    "log.file",
    "log.file.path",
    "event",
    "json",
    "data_stream",
    "data_stream.type",
  ),
  fc.constantFrom("host", "host.name", "host.ip", "hostname", "name"),
  fc.constantFrom("level", "severity", "log.level", "LOG-LEVEL", "lvl", "PRIORITY", "record"),
  fc.constantFrom("msg", "log", "event", "body", "body.stringValue", "error", "message", "message"),
  fc.constantFrom("", " ", "__proto__", "é", 'q"', "x\\y", "\0", "\u007f", "\u0085", "_id", "_ids"),
);
const texts = fc.oneof(
  fc.constantFrom(
    "",
    "line\n",
    "line\r\n",
    "\r\n",
    "\tat x",
    "\u001b[35mx\n",
    "\u001b[31mERROR\u001b[0m \u{1F600} gone\n",
    "2026-01-02 03:04:05 WARN a\n",
    "é".repeat(100),
    "{",
    '{"msg":"inner","level":30}\n',
    " {}",
  ),
  fc.constantFrom("2026-01-02T03:04:05.678Z", "yesterday", "\\n", "\\", "ü\n", "\uFEFF{}", "\0{}", "x\u2028"),
  fc.string({ maxLength: 10 }),
);
/** Values as JSON text, with some duplicate names in nested objects. */
const { value: valueText } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2, depthSize: "small" },
    fc.jsonValue({ maxDepth: 0 }).map((value) => JSON.stringify(value)),
    texts.map((text) => JSON.stringify(text)),
    fc.constantFrom(
      '"INFO"',
      '"warn"',
      '"warn"',
      '"\\u0077arn"',
      '{"name":"ERROR"}',
      "30",
      "4",
      "1770000000123",
      "1770000000.123",
      '"Nov 28 10:00:00"',
      "{}",
      "[]",
      "null",
      '""',
      "-0.0",
      "1e400",
      '"\\u000a"',
      '"x\\u000A"',
      '"\\/\\n"',
    ),
    // An object inside a text, as in a container's line.
    fc
      .tuple(
        fc.array(fc.tuple(names, tie("value")), { maxLength: 4 }),
        fc.constantFrom("\n", "\n", "\r\n", "", " \n", "}", "\0"),
      )
      .map(([entries, end]) =>
        JSON.stringify(
          `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}${end}`,
        ),
      ),
    fc.array(tie("value"), { maxLength: 2 }).map((items) => `[${items.join(",")}]`),
    fc
      .array(fc.tuple(names, tie("value")), { maxLength: 4 })
      .map((entries) => `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}`),
  ),
}));
/** An object as text, with some duplicate names and white space between tokens. */
const objectText = fc
  .tuple(
    fc.array(fc.tuple(fc.oneof({ weight: 8, arbitrary: names }, fc.constant("log")), valueText), {
      maxLength: 6,
    }),
    fc.constantFrom("", "", "", " ", "\n", "\t"),
    fc.constantFrom("", "", "\n", "x", "\0"),
    fc.constantFrom("", "", "", "\uFEFF", "\0"),
  )
  .map(
    ([entries, space, end, start]) =>
      `${start}{${entries.map(([name, value]) => `${space}${JSON.stringify(name)}${space}:${space}${value}`).join(`,${space}`)}${space}}${end}`,
  );
const jsonBytes = fc.oneof(
  { weight: 5, arbitrary: objectText.map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.json().map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: textBytes },
);

describe("the body written from bytes", () => {
  for (const [format, values] of [
    ["text", textBytes],
    ["json", jsonBytes],
  ] as const) {
    test(`has the same bytes as the document encoder: ${format}`, () => {
      const records = fc.array(recordOf(fc.option(values, { freq: 9 })), { maxLength: 12 });
      fc.assert(fc.property(specs(format), records, expectSame), {
        numRuns: rounds(500, 60),
      });
    });
  }

  test("headers that say where a record was written, beside every kind of own host and log", () => {
    const named = (name: string, value: string) => ({ name, value: Buffer.from(value) });
    const headers = [
      [],
      [named("host.name", "web-1")],
      [named("log.file.path", "/own")],
      [named("log.file.path", ""), named("host.name", 'h"\n')],
      // Not the same as none.
      [named("log.file.path", "null"), named("host.name", "web-1")],
      [named("log.file.path", "/own"), named("host.name", "null")],
    ];
    const values = [
      "ERROR: gone",
      '{"message":"m","level":"warn"}',
      '{"host":"x"}',
      '{"host":{"name":"y","ip":1}}',
      '{"host.name":"web-1"}',
      '{"host.ip":1}',
      '{"hostname":"x"}',
      '{"log":"INFO line\\n"}',
      '{"log":"{\\"host\\":1,\\"msg\\":\\"m\\"}\\n"}',
      '{"log":{"file":{"path":"/own"}}}',
      '{"log.file.path":"/x"}',
    ];
    const records = values.flatMap((value, offset) =>
      headers.map((some) => sourceRecord(value, { offset, headers: some })),
    );
    for (const format of ["text", "json"] as const)
      for (const path of [null, "/declared"])
        for (const record of [records, ...records.map((one) => [one])])
          expectSame(specification({ format, path }), record);
  });

  test("objects of the same shape in a row, and of different shapes", () => {
    const values = [
      '{"a":1,"b":"x"}',
      '{"a":2,"b":"y"}',
      '{"a": 3, "b": []}',
      '{"b":1,"a":1}',
      '{"a":1,"a":2}',
    ];
    const records = [...values, ...values].map((value, offset) => sourceRecord(value, { offset }));
    expectSame(specification({ format: "json" }), records);
  });

  test("a level in another spelling, and an object inside a text", () => {
    const values = [
      '{"log.level":"\\u0077arn"}',
      '{"log.level":"WARN","a":1}',
      '{"level":"x","log.level":"warn"}',
      '{"log":"{\\"msg\\":\\"m\\",\\"level\\":30}\\n","stream":"stdout"}',
      '{"log":"{\\"msg\\":\\"m\\"},\\"x\\":{\\"a\\":1}\\n","stream":"stdout"}',
      '{"log":"{\\"msg\\":\\"m\\",\\"stream\\":1}\\n","stream":"stdout"}',
    ];
    expectSame(
      specification({ format: "json" }),
      values.map((value) => sourceRecord(value)),
    );
  });

  test("bodies much longer than estimated: escapes, and many members", () => {
    const wide = JSON.stringify(Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`f${n}`, n])));
    expectSame(specification(), [sourceRecord("\u0001".repeat(50_000)), sourceRecord("after")]);
    expectSame(specification({ format: "json" }), [sourceRecord(wide), sourceRecord(wide)]);
    const wider = JSON.stringify(Object.fromEntries(Array.from({ length: 501 }, (_, n) => [`f${n}`, n])));
    const flattening = specification({ format: "json", rejected: "flatten" });
    expectSame(flattening, [sourceRecord(wide), sourceRecord(wider), sourceRecord(wide)]);
  });

  test("lone surrogates are replaced everywhere, and pairs stay", () => {
    const values = [
      '{"a":{"\\ud800":1}}',
      '{"a":{"\\udc00":"x"}}',
      '{"a":"\\uD83D\\uDE00"}',
      '{"a":"\\ud800\\ud800"}',
      '{"a":"\\\\ud800"}',
    ];
    const records = values.map((value) => sourceRecord(value));
    for (const rejected of ["dead-letter", "flatten"] as const)
      expectSame(specification({ format: "json", rejected }), records);
    const lines = linesOf(createBulkEncoder(specification({ format: "json" }))(records));
    expect(lines.map((line) => /"a":(.*?),"kafka/.exec(line)?.[1])).toEqual([
      '{"\\ufffd":1}',
      '{"\\ufffd":"x"}',
      '"\\uD83D\\uDE00"',
      '"\\ufffd\\ufffd"',
      '"\\\\ud800"',
    ]);
    expect(lines.map((line) => line.includes('"invalid_utf8"'))).toEqual([true, true, false, true, false]);
  });

  test("records that are too large are rejected before encoding, or after it if escaping made them so", () => {
    const large = Buffer.alloc(16 * 1024 * 1024 + 1, "x");
    // Escaped to six bytes each.
    const escaped = Buffer.alloc(9 * 1024 * 1024, 1);
    for (const format of ["text", "json"] as const) {
      const batch = createBulkEncoder(specification({ format, index: "app-{yyyy.MM.dd}" }))([
        sourceRecord(large),
        sourceRecord("{}", { headers: [{ name: "h", value: large }] }),
        sourceRecord("{}", { offset: 1 }),
        sourceRecord("{}", { key: escaped }),
        sourceRecord("{}", { offset: 2 }),
      ]);
      expect(batch.positions).toEqual([2, 4]);
      expect(linesOf(batch).map((lines) => lines.length)).toEqual([batch.ends[0] ?? 0, batch.ends[0] ?? 0]);
      expect([...batch.rejections.keys()]).toEqual([0, 1, 3]);
      for (const rejection of batch.rejections.values())
        expect(rejection).toMatchObject({
          status: 413,
          type: "document_too_large",
          index: "app-{yyyy.MM.dd}",
        });
    }
  });

  test("deep objects", () => {
    const nested = (depth: number): string => `{"a":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    expectSame(
      specification({ format: "json" }),
      [1, 62, 63, 64, 65, 500].map((n) => sourceRecord(nested(n))),
    );
  });
});

const manyNames = (count: number): string => Array.from({ length: count }, (_, n) => `"n${n}":1`).join(",");

describe("the scanner", () => {
  test("accepts nothing but JSON objects", () => {
    const scanner = new JsonScanner();
    const broken = fc
      .tuple(
        objectText,
        fc.nat(),
        fc.nat(),
        fc.constantFrom("", "}", '"', "\\", "\\u12", ",", "0", "-", ".", "e", "tru", " ", "\0"),
      )
      .map(([text, at, cut, insert]) => {
        const start = at % (text.length + 1);
        return text.slice(0, start) + insert + text.slice(start + (cut % 3));
      });
    fc.assert(
      fc.property(broken, (text) => {
        if (!scanner.scan(Buffer.from(text))) return;
        const value: unknown = JSON.parse(text);
        expect(typeof value === "object" && value !== null && !Array.isArray(value)).toBe(true);
      }),
      { numRuns: rounds(1_000, 200) },
    );
  });

  test.each([
    '{"a":1}',
    '{"a":-0.5e+10,"b":[1,{"c":null}],"d":"\\u00e9\\n"}',
    ' {"a" : true , "b":false}\n',
    '{"a":{},"b":[],"c":""}',
    '{"a":{"b":1,"c":{"b":2}},"d":[{"b":1},{"b":2}]}',
    `{"a":{${manyNames(64)}}}`,
  ])("accepts %p", (text) => {
    expect(new JsonScanner().scan(Buffer.from(text))).toBe(true);
  });

  test.each([
    "{}",
    "[]",
    '{"a":01}',
    '{"a":1.}',
    '{"a":+1}',
    '{"a":nul}',
    '{"a":"\n"}',
    '{"a":1,}',
    '{"a":\n1}',
    '{"a":{"b":1,"c":2,"b":3}}',
    '{"a":[{"b":{"x":1,"x":2}}]}',
    '{"a":{"":1}}',
    '{"a":{" ":1}}',
    '{"a":{"\\u0062":1}}',
    '{"a":{"b\u007f":1}}',
    '{"a":{"b\u0085":1}}',
    `{"a":{${manyNames(65)}}}`,
  ])("leaves %p to the document encoder", (text) => {
    expect(new JsonScanner().scan(Buffer.from(text))).toBe(false);
  });
});

test("tens of thousands of spellings of one name do not take quadratic time", () => {
  const spelling = (at: number) =>
    `l${Array.from({ length: 16 }, (_, bit) => ((at >> bit) & 1 ? "_" : "-")).join("")}evel`;
  const members = Array.from({ length: rounds(60_000, 6_000) }, (_, at) => `"${spelling(at)}":0`).join(",");
  // Searching for each would take minutes.
  expectSame(specification({ format: "json", rejected: "dead-letter" }), [sourceRecord(`{${members}}`)]);
}, 240_000);
