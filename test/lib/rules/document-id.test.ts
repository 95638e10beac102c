import { expect, test } from "bun:test";
import { documentId } from "../../../lib/rules/document-id.ts";

test("topic, partition, offset, and the timestamp in base 36", () => {
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
