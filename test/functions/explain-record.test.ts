import { describe, expect, test } from "bun:test";
import { explainRecord, type ExplainRecordDeps } from "../../functions/explain-record.ts";
import type { AuditDocument } from "../../lib/rules/audit/partition-audit.ts";
import type { LogStretch } from "../../lib/rules/inspection/entries.ts";
import { documentId } from "../../lib/rules/documents/document-id.ts";
import { sourceRecord, specification } from "../support/records.ts";

const spec = specification({ pipeline: "drops-some" });
const record = sourceRecord("a line", { offset: 5 });
const batch = {
  firstOffset: 5,
  lastOffset: 5,
  bytes: 80,
  compression: "none",
  timestamps: "create",
  transactional: false,
  format: 2,
} as const;
const stretch: LogStretch = {
  partition: record.partition,
  logStart: 0,
  lastStableOffset: 9,
  highWatermark: 9,
  entries: [{ kind: "record", record, batch }],
  next: 6,
};

const standing = { state: "running", reason: null, hold: null, owned: true, sent: 6 } as const;

/**
 * One record.
 * @param elsewhere the ids in other indices
 * @param isPartial whether shards of those did not answer
 * @param found documents in the topic's index and in Penstock's
 */
function world(
  committed: number | null,
  elsewhere: readonly string[] = [],
  isPartial = false,
  changes: Partial<ExplainRecordDeps> = {},
  found: readonly AuditDocument[] = [],
) {
  const opened: string[] = [];
  const sought: { readonly ids: readonly string[]; readonly refresh: boolean | undefined }[] = [];
  const deps: ExplainRecordDeps = {
    readStretch: () => Promise.resolve(stretch),
    committed: () => Promise.resolve({ offset: committed, marks: null }),
    standing: () => standing,
    currentOwners: () => Promise.reject(new Error("this host has the partition")),
    openDocuments(index) {
      opened.push(index);
      return Promise.resolve({
        names: { open: new Set([spec.index]), closed: new Set<string>(), others: new Set<string>() },
        generations: null,
        hasStrayed: false,
        isPartial,
        hasPipeline: () => false,
        firstOffset: () => Promise.resolve(null),
        cursor: () => ({ until: () => Promise.resolve([...found]) }),
        anywhere(ids, how) {
          sought.push({ ids, refresh: how?.refresh });
          return Promise.resolve(new Set(elsewhere));
        },
        close: () => Promise.resolve(),
      });
    },
    indices: null,
    findLetter: () => Promise.resolve({ letter: null, complete: true }),
    findFailure: () => Promise.resolve({ failure: null, problems: [] }),
    wait: () => Promise.resolve(),
    signal: new AbortController().signal,
    now: () => 0,
    ...changes,
  };
  const { topic } = spec;
  const { partition, offset } = record;
  const undeclared = (name = topic) => explainRecord({ topic: name, partition, offset, spec: null }, deps);
  const explain = () => explainRecord({ topic, partition, offset, spec }, deps);
  return { sought, opened, explain, undeclared };
}

test("a record that is not settled is not looked for in other indices", async () => {
  const { sought, explain } = world(5);
  expect(await explain()).toMatchObject({ kind: "in flight", notes: [] });
  expect(sought).toEqual([]);
});

test.each([
  [
    [{ name: "b", address: "http://b:80" }],
    { name: "b", address: "http://b:80" },
    "b (http://b:80) has this",
  ],
  [[null], null, "No host has this partition."],
  [null, null, "Another host has this partition, or none has."],
])("one that waits on another host: with the owners %j it names %j", async (owners, owner, words) => {
  const { explain } = world(5, [], false, {
    standing: () => ({ ...standing, owned: false, sent: null }),
    currentOwners: () => Promise.resolve(owners),
  });
  expect(await explain()).toMatchObject({
    kind: "waiting",
    owner,
    message: expect.stringContaining(words),
  });
});

test("nobody is asked who would read a topic that is held", async () => {
  const hold = { from: "order", by: "alice", since: "2026-01-01T00:00:00Z", reason: "x" } as const;
  const { explain } = world(5, [], false, {
    standing: () => ({ ...standing, state: "held", hold, owned: false }),
  });
  expect(await explain()).toMatchObject({ kind: "held", owner: null });
});

test("a settled one is, without a refresh of them; what that may miss is told", async () => {
  const { sought, explain } = world(6);
  const { kind, notes } = await explain();
  expect(kind).toBe("dropped");
  expect(sought).toEqual([{ ids: [documentId(spec.topic, record)], refresh: false }]);
  expect(notes).toEqual([expect.stringContaining("is not found yet")]);
});

test("that shards of them do not answer is told too", async () => {
  const { notes } = await world(6, [], true).explain();
  expect(notes).toEqual([
    expect.stringContaining("Shards of other indices do not answer"),
    expect.stringContaining("is not found yet"),
  ]);
});

test("and so is a failure store that does not answer as a whole", async () => {
  const problems = ["1 of 2 shards failed."];
  const findFailure = () => Promise.resolve({ failure: null, problems });
  const { notes } = await world(6, [], false, { findFailure }).explain();
  expect(notes).toContain("A failure store may have it all the same. 1 of 2 shards failed.");
});

test("one that is in another index needs no such note", async () => {
  const { explain } = world(6, [documentId(spec.topic, record)]);
  expect(await explain()).toMatchObject({ kind: "elsewhere", notes: [] });
});

describe("a record of a topic that nobody declares", () => {
  const rest = "Nobody declares this topic, so nothing more of it is indexed.";
  const id = documentId(spec.topic, record);
  const own = { offset: 5, timestamp: record.timestamp, index: "app-1" };

  test("is indexed if it was declared before, and the group's position stays", async () => {
    expect(await world(6, [], false, {}, [own]).undeclared()).toMatchObject({
      kind: "indexed",
      message: `It is in app-1. ${rest}`,
      documents: [{ index: "app-1", id }],
      committed: 6,
    });
  });

  test("also if Kafka has deleted it", async () => {
    const gap = { kind: "gap", from: 5, end: 6, why: "deleted", detail: null } as const;
    const readStretch = () => Promise.resolve({ ...stretch, entries: [gap] });
    expect(await world(null, [], false, { readStretch }, [own]).undeclared()).toMatchObject({
      kind: "indexed",
      committed: null,
    });
  });

  test("is looked for in all indices, whatever the group has committed", async () => {
    const { sought, undeclared } = world(null, [id]);
    expect(await undeclared()).toMatchObject({
      kind: "elsewhere",
      message: `It is in an index under the id ${id}. ${rest}`,
    });
    expect(sought).toEqual([{ ids: [id], refresh: false }]);
  });

  test("is not indexed otherwise; a document of an earlier topic of that name is told", async () => {
    const earlier = { ...own, timestamp: record.timestamp - 1 };
    const { opened, undeclared } = world(null, [], false, {}, [earlier]);
    expect(await undeclared()).toMatchObject({
      kind: "undeclared",
      message: `${rest} No document of this record was found.`,
      documents: [],
      notes: [expect.stringContaining("of an earlier topic of this name")],
    });
    await undeclared("_schemas");
    expect(opened).toEqual([spec.topic, "penstock-records"]);
  });
});
