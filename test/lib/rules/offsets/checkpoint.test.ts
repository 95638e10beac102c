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

test("what a commit says is parsed as it was written", () => {
  fc.assert(
    fc.property(fc.record({ last, place }, { noNullPrototype: true }), (note) => {
      expect(parseCommitNote(commitMetadata(note))).toEqual(note);
    }),
  );
});

test("what older versions wrote is understood", () =>
  expect(parseCommitNote('{"lastRecord":{"offset":41,"timestamp":1764000000000}}')).toEqual({
    last: { offset: 41, timestamp: 1_764_000_000_000 },
    place: null,
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
  "x".repeat(4096),
])("foreign metadata says nothing: %p", (metadata) =>
  expect(parseCommitNote(metadata)).toEqual({ last: null, place: null }),
);
