import { expect, test } from "bun:test";
import type { AuditAgainst } from "../../../../functions/audit-against.ts";
import { formatAgainst } from "../../../../infra/cli/audit/against-text.ts";

const none = { count: 0, at: [] };
const clean: AuditAgainst = {
  topic: "app",
  index: "filebeat-*",
  mode: "position",
  by: "by the fields kafka.partition and kafka.offset, which 200 of 200 sampled documents have",
  partitions: 3,
  records: 1_000,
  documents: 1_000,
  compared: 1_000,
  nulls: 0,
  extraDocuments: 0,
  missing: none,
  doubled: none,
  changed: none,
  unknown: none,
  causes: [],
  changes: [],
  unknownIds: [],
  minutes: [],
  notes: [],
  clean: true,
};

test("a clean result has four zeros and one verdict", () => {
  expect(formatAgainst(clean, 1_500).split("\n")).toEqual([
    `app against filebeat-*: ${clean.by}`,
    "  3 partitions, 1,000 records, 1,000 documents compared in 1.5 s",
    "  missing          0  records without a document",
    "  doubled          0  records with more than one",
    "  changed          0  documents with another content than their record",
    "  unknown          0  documents without a record, or records that cannot be judged",
    "  every record is in the index once",
    "",
  ]);
  expect(formatAgainst({ ...clean, records: 0 }, 0)).toEndWith("  nothing to compare\n");
});

test("findings are named by partition and offset, with their cause, on one line each", () => {
  const text = formatAgainst(
    {
      ...clean,
      clean: false,
      missing: {
        count: 4,
        at: [
          { partition: 0, from: 17, to: 19 },
          { partition: 2, from: 5, to: 5 },
        ],
      },
      doubled: { count: 1, at: [{ partition: 1, from: 3, to: 3 }] },
      changed: { count: 1, at: [{ partition: 1, from: 4, to: 4 }] },
      unknown: { count: 1, at: [] },
      extraDocuments: 2,
      unknownIds: ["id\n1"],
      causes: [{ finding: "missing", cause: "a\ncause", count: 4, example: { partition: 0, offset: 17 } }],
      changes: [{ partition: 1, offset: 4, field: "message", record: "a", document: "\u001B[2Jb" }],
      notes: ["a note"],
    },
    0,
  );
  expect(text.split("\n")).toEqual(
    expect.arrayContaining([
      "    partition 0: 17–19",
      "    partition 2: 5",
      "    likely cause of 4, first at 0:17: a cause",
      "  doubled          1  records with more than one: 2 documents too many",
      String.raw`    1:4 message: "a" in Kafka, "\u001b[2Jb" in the index`,
      "    for example id 1",
      "  note: a note",
      "  4 records missing, 1 more than once, 1 changed",
    ]),
  );
});

test("long lists are cut, and say so", () => {
  const at = Array.from({ length: 150 }, (_, n) => ({ partition: 0, from: 2 * n, to: 2 * n }));
  const minutes = Array.from({ length: 25 }, () => ({
    minute: "2026-01-02T03:04:00.000Z",
    missing: 6,
    doubled: 0,
  }));
  const text = formatAgainst(
    { ...clean, mode: "content", clean: false, missing: { count: 150, at }, minutes },
    0,
  );
  expect(text).toContain("    … and 50 more ranges\n");
  expect(text).toContain("  … and 5 more minutes\n");
  expect(text).toContain("  2026-01-02T03:04Z: 6 missing, 0 doubled\n");
  expect(text).toContain("changed          0  cannot be told without positions");
});
