import { expect, test } from "bun:test";
import { lettersPerPage, listDeadLetters } from "../../functions/list-dead-letters.ts";
import { documentId } from "../../lib/rules/documents/document-id.ts";
import { FakeReader } from "../support/fake-reader.ts";
import { putLetter } from "../support/put-letter.ts";
import { sourceRecord } from "../support/records.ts";

const group = { topic: "app", index: "logs", field: "n", error: "t" };

function world(count: number, resolved: readonly number[] = []) {
  const reader = new FakeReader();
  for (let offset = 0; offset < count; offset += 1) putLetter(reader, offset);
  const ids = resolved.map((offset) => documentId("app", sourceRecord("", { offset })));
  const findHolders = () =>
    Promise.resolve({ holders: new Map(ids.map((id) => [id, "logs"])), problems: [] });
  const signal = new AbortController().signal;
  const deps = { reader, findHolders, signal, deadline: null, onProgress: () => {} };
  const input = { deadLetterTopic: "dead", group, state: null, page: 1, newest: 50_000 };
  return { reader, deps, input };
}

test("lists exactly the letters of the group, the newest first, with what became of each", async () => {
  const { reader, deps, input } = world(3, [1]);
  putLetter(reader, 3, { index: "other" });
  putLetter(reader, 4, { reason: "failed to parse field [m]" });
  const listed = await listDeadLetters(input, deps);
  expect(listed).toMatchObject({ states: { open: 2, resolved: 1, unknown: 0 }, pages: 1, truncated: false });
  expect(listed.letters.map(({ offset, state, heldBy }) => [offset, state, heldBy])).toEqual([
    [2, "open", null],
    [1, "resolved", "logs"],
    [0, "open", null],
  ]);
  expect(listed.letters[0]).toMatchObject({
    at: { partition: 0, offset: 2 },
    attempts: 2,
    value: "v2",
    valueOmitted: false,
    failedAt: "1970-01-01T00:00:02.000Z",
    records: 1,
  });
  const open = await listDeadLetters({ ...input, state: "open" }, deps);
  expect(open.letters.map(({ offset }) => offset)).toEqual([2, 0]);
});

test("a page continues the one before, and the last one holds the rest", async () => {
  const { deps, input } = world(lettersPerPage + 2);
  const second = await listDeadLetters({ ...input, page: 2 }, deps);
  expect(second.letters.map(({ offset }) => offset)).toEqual([1, 0]);
  expect(second.pages).toBe(2);
  expect((await listDeadLetters(input, deps)).letters).toHaveLength(lettersPerPage);
});
