import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { shownBytes, shownEntry } from "../../../../lib/rules/inspection/shown-record.ts";
import { anyCharacter } from "../../../support/any-text.ts";

const batch = {
  firstOffset: 0,
  lastOffset: 0,
  bytes: 1,
  compression: "none",
  timestamps: "create",
  transactional: false,
  format: 2,
} as const;

test("text is shown as text and anything else as Base64: nothing is lost", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: anyCharacter }), fc.uint8Array()), (given) => {
      const bytes = Buffer.from(given as string);
      const shown = shownBytes(bytes, Infinity);
      expect(Buffer.from(shown?.content ?? "", shown?.encoding).equals(bytes)).toBe(true);
      expect(shown).toMatchObject({ bytes: bytes.length, cut: false });
    }),
  );
});

test("a text is cut between its characters", () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter, minLength: 1 }), fc.nat(40), (text, limit) => {
      const shown = shownBytes(Buffer.from(text), limit);
      expect(shown?.encoding).toBe("utf8");
      expect(
        Buffer.from(text)
          .toString()
          .startsWith(shown?.content ?? "-"),
      ).toBe(true);
    }),
  );
  expect(shownBytes(null, 1)).toBeNull();
  expect(shownBytes(Buffer.from([0xc3]), 9)).toMatchObject({ encoding: "base64" });
  expect(shownBytes(Buffer.from("\ufeffx"), 9)).toMatchObject({ content: "\ufeffx" });
});

test("a time that no calendar has is shown as none; headers are bounded", () => {
  const record = {
    partition: 0,
    offset: 1,
    key: null,
    value: null,
    headers: Array.from({ length: 200 }, () => ({ name: "n".repeat(5_000), value: Buffer.alloc(5_000, 97) })),
  };
  for (const timestamp of [-1, 2 ** 53 - 1])
    expect(shownEntry({ kind: "record", record: { ...record, timestamp }, batch }, 9)).toMatchObject({
      timestamp: null,
      timestampMs: timestamp,
    });
  const shown = shownEntry({ kind: "record", record: { ...record, timestamp: 0 }, batch }, 4096);
  expect(JSON.stringify(shown).length).toBeLessThan(250_000);
  expect(shown).toMatchObject({ headerCount: 200 });
});
