import { expect, test } from "bun:test";
import { createDocumentEncoder } from "../../../../lib/rules/documents/document.ts";
import { withStandIns } from "../../../../lib/rules/time/time-stand-in.ts";
import { sourceRecord, specification } from "../../../support/records.ts";

const noon = Date.UTC(2026, 10, 28, 12);
const now = Date.UTC(2026, 10, 30);
const at = (timestamp: number, text = "line") => sourceRecord(text, { timestamp });

test("a record without a timestamp gets the time it was read, and that of the nearest earlier record", () => {
  const { records, nearestMs } = withStandIns([at(-1), at(noon), at(-1), at(2 ** 53), at(-1)], null, now);
  expect(records.map(({ standIn }) => standIn?.nearestMs)).toEqual([null, undefined, noon, undefined, noon]);
  expect(records[0]?.standIn?.readAtMs).toBe(now);
  expect(nearestMs).toBe(noon);
  expect(withStandIns([at(-1)], nearestMs, now).records[0]?.standIn?.nearestMs).toBe(noon);
});

test("records with a timestamp stay unchanged", () => {
  const records = [at(noon), at(noon + 1), at(2 ** 53)];
  expect(withStandIns(records, null, now)).toEqual({ records, nearestMs: noon + 1 });
  expect(withStandIns(records, null, now).records).toBe(records);
  expect(withStandIns([], noon, now)).toEqual({ records: [], nearestMs: noon });
});

test("its document has the time it was read, a tag and its own id, and the index of the nearest day", () => {
  const dated = createDocumentEncoder(specification({ index: "app-{yyyy.MM.dd}" }));
  const [first, , third] = withStandIns([at(-1), at(noon), at(-1)], null, now).records.map((record) =>
    dated(record),
  );
  expect(first).toMatchObject({ kind: "rejected", rejection: { type: "invalid_timestamp" } });
  expect(third).toMatchObject({ kind: "document", index: "app-2026.11.28", id: "app:0:0:-1" });
  const json = third?.kind === "document" ? third.json : "";
  expect(JSON.parse(json)).toMatchObject({
    "@timestamp": "2026-11-30T00:00:00.000Z",
    tags: ["timestamp_missing"],
  });

  const undated = createDocumentEncoder(specification());
  const [alone] = withStandIns([at(-1)], null, now).records.map((record) => undated(record));
  expect(alone).toMatchObject({ kind: "document", id: "app:0:0:-1" });
});

test("a readable declared time needs no substitute", () => {
  const encode = createDocumentEncoder(
    specification({ format: "json", timestamp: "time", index: "app-{yyyy.MM.dd}" }),
  );
  const [record] = withStandIns([at(-1, '{"time":"2026-11-27T10:00:00Z"}')], noon, now).records;
  const encoding = record === undefined ? null : encode(record);
  expect(encoding).toMatchObject({ index: "app-2026.11.27" });
  expect(encoding?.kind === "document" ? encoding.json : "").not.toContain("tags");
});
