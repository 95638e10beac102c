import { expect, test } from "bun:test";
import { commitMetadata } from "../../lib/rules/offsets/checkpoint.ts";
import { documentId } from "../../lib/rules/documents/document-id.ts";
import { createCensus } from "./census.ts";
import type { RecordKind, Transacted } from "./census-counts.ts";

/** A topic of one partition with these records, from offset 0. */
function counted(...kinds: readonly (RecordKind | readonly [RecordKind, Transacted])[]) {
  const census = createCensus();
  census.created("t");
  for (const [offset, given] of kinds.entries()) {
    const [kind, transacted] = typeof given === "string" ? [given, "none" as const] : given;
    census.appended("t", { partition: 0, offset, timestamp: 100 + offset, kind, transacted });
  }
  const id = (offset: number): string => documentId("t", { partition: 0, offset, timestamp: 100 + offset });
  const about = (offset: number) => ({ topic: "t", partition: 0, offset, timestamp: 100 + offset });
  return { census, id, about };
}

test("a commit requires an outcome for every record before it", () => {
  const { census, id, about } = counted("fit", "unfit", "empty", ["fit", "aborted"]);
  census.written("i", id(0));
  census.letter(about(1));
  census.committed("t", 0, 4, null, 1);
  expect(census.violations).toEqual([]);
  expect(census.open(["t"])).toEqual([]);
});

test.each([
  ["fit", "a record that is nowhere"],
  ["unfit", "a refused record without a letter"],
  [["fit", "open"], "a record of an open transaction"],
] as const)("%p: a commit beyond %s is told", (kind) => {
  const { census } = counted(kind);
  census.committed("t", 0, 1, null, 2);
  expect(census.violations).toHaveLength(1);
});

test("a commit beyond the log's end, and one that goes back, are reported", () => {
  const { census, id } = counted("fit", "fit");
  census.written("i", id(0));
  census.written("i", id(1));
  census.committed("t", 0, 3, null, 3);
  expect(census.violations).toHaveLength(1);
  census.committed("t", 0, 2, null, 4);
  census.committed("t", 0, 1, null, 5);
  expect(census.violations).toHaveLength(2);
});

test("a commit sent before another one and arriving after it is reported as setting back", () => {
  const { census, id } = counted("fit", "fit");
  census.written("i", id(0));
  census.written("i", id(1));
  census.committed("t", 0, 2, null, 8);
  census.committed("t", 0, 1, null, 7);
  expect(census.violations).toEqual([]);
  expect(census.setBack("t", 0)).toBe(2);
  census.committed("t", 0, 2, null, 9);
  expect(census.setBack("t", 0)).toBeNull();
  census.committed("t", 0, 1, null, 10);
  expect(census.violations).toHaveLength(1);
});

test("records deleted by retention need no outcome; a lost index makes no record unknown", () => {
  const { census, id } = counted("fit", "fit", "fit");
  census.expired("t", 0, 2);
  census.written("i", id(2));
  census.indexLost("i");
  census.committed("t", 0, 3, null, 6);
  expect(census.violations).toEqual([]);
  expect(census.open(["t"])).toEqual([]);
});

test("a document of no record, of one that is no document, and a double are reported", () => {
  const { census, id, about } = counted("fit", ["fit", "aborted"], "fit");
  census.written("i", "t:0:9:x");
  census.written("i", id(1));
  census.written("i", id(0));
  census.written("j", id(0));
  census.letter(about(2));
  expect(census.violations).toHaveLength(4);
});

test("a commit for a former log does not count for the current one", () => {
  const { census, id } = counted("fit");
  census.written("i", id(0));
  census.created("t");
  census.appended("t", { partition: 0, offset: 0, timestamp: 900, kind: "fit", transacted: "none" });
  census.committed("t", 0, 1, commitMetadata({ last: { offset: 0, timestamp: 100 }, place: "t" }), 7);
  expect(census.violations).toEqual([]);
  census.committed("t", 0, 1, commitMetadata({ last: { offset: 0, timestamp: 900 }, place: null }), 8);
  expect(census.violations).toHaveLength(1);
  expect(census.open(["t"])).toEqual(["t:0:0 (fit)"]);
});
