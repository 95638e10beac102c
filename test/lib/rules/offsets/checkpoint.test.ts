import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { commitMetadata, parseCommitNote } from "../../../../lib/rules/offsets/checkpoint.ts";

const offset = fc.nat(Number.MAX_SAFE_INTEGER);
const timestamp = fc.integer({ min: -1, max: 253_402_300_799_999 });
const last = fc.option(fc.record({ offset, timestamp }));
const place = fc.option(
  fc.constantFrom(
    "app",
    "app-{yyyy.MM.dd}",
    ".ds-app-2026.11.30-000001",
    "old,app-1",
    Array(8).fill("ä".repeat(127)).join(),
  ),
);

const ranges = fc
  .uniqueArray(offset, { maxLength: 32, selector: (one) => one })
  .map((ends) => ends.sort((a, b) => a - b))
  .map((ends) =>
    ends.flatMap((from, at) =>
      at % 2 === 0 && at + 1 < ends.length ? [{ from, to: ends[at + 1] ?? 0 }] : [],
    ),
  );
const marks = fc.option(
  fc.record(
    {
      order: fc.option(fc.uuid()),
      from: fc.option(offset),
      below: fc.option(fc.integer({ min: 1, max: 1e15 })),
      skipped: ranges,
    },
    { noNullPrototype: true },
  ),
);

test("what a commit says is parsed as it was written", () => {
  fc.assert(
    fc.property(fc.record({ last, place, marks }, { noNullPrototype: true }), (note) => {
      const metadata = commitMetadata(note);
      expect(parseCommitNote(metadata)).toEqual(note);
      // Kafka's `offset.metadata.max.bytes`.
      expect(Buffer.byteLength(metadata ?? "")).toBeLessThanOrEqual(4096);
    }),
  );
});

test("what older versions wrote is understood", () =>
  expect(parseCommitNote('{"lastRecord":{"offset":41,"timestamp":1764000000000}}')).toEqual({
    last: { offset: 41, timestamp: 1_764_000_000_000 },
    place: null,
    marks: null,
  }));

test.each([
  null,
  "",
  "{}",
  '{"lastRecord":null}',
  '{"lastRecord":{"offset":-1,"timestamp":0}}',
  '{"lastRecord":{"offset":1}}',
  '{"place":"a\\"b"}',
  '{"place":""}',
  '{"marks":{"below":1}x}',
  "x".repeat(4096),
])("foreign metadata says nothing: %p", (metadata) =>
  expect(parseCommitNote(metadata)).toEqual({ last: null, place: null, marks: null }),
);
