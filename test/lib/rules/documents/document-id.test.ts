import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { documentId, parseDocumentId } from "../../../../lib/rules/documents/document-id.ts";

test("an id has topic, partition, offset, and the timestamp in base 36", () => {
  expect(documentId("app", { partition: 3, offset: 42, timestamp: 1_700_000_000_000 })).toBe(
    "app:3:42:loyw3v28",
  );
});

test("a record without a timestamp has an id too", () => {
  expect(documentId("app", { partition: 0, offset: 0, timestamp: -1 })).toBe("app:0:0:-1");
});

test("the longest topic, offset and timestamp stay below Elasticsearch's 512 bytes", () => {
  const record = {
    partition: 2 ** 31 - 1,
    offset: Number.MAX_SAFE_INTEGER,
    timestamp: Number.MAX_SAFE_INTEGER,
  };
  expect(documentId("t".repeat(249), record).length).toBeLessThan(512);
});

test("an id is parsed as it was written", () => {
  const record = fc.record({
    partition: fc.nat(),
    offset: fc.maxSafeNat(),
    timestamp: fc.oneof(fc.constant(-1), fc.maxSafeNat()),
  });
  fc.assert(
    fc.property(record, (record) => {
      expect(parseDocumentId("a.b_c-d", documentId("a.b_c-d", record))).toEqual(record);
    }),
  );
});

test("an id of another topic or another writer is not ours", () => {
  const own = documentId("app", { partition: 3, offset: 42, timestamp: 5 });
  expect(parseDocumentId("app", own)).not.toBeNull();
  expect(parseDocumentId("ap", own)).toBeNull();
  expect(parseDocumentId("app2", own)).toBeNull();
  for (const id of [
    "app",
    "app:1",
    "app:1:2",
    "app:1:2:",
    "app:1:02:a",
    "app:1:2:A",
    "app:1:2:a:b",
    "app:x:2:a",
  ]) {
    expect(parseDocumentId("app", id)).toBeNull();
  }
});
