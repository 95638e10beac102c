import { expect, test } from "bun:test";
import { lettersLeft } from "../../functions/letters-left.ts";
import { filterOf } from "../../functions/list-dead-letters.ts";
import { documentId } from "../../lib/rules/documents/document-id.ts";
import { FakeReader } from "../support/fake-reader.ts";
import { putLetter } from "../support/put-letter.ts";
import { sourceRecord } from "../support/records.ts";

const filter = filterOf({ topic: "app", index: "logs", field: "n", error: "t" });
const { signal } = new AbortController();

/** Two letters of the group, of which an index has the first, then three of another group. */
function look(newest: number, deadline: AbortSignal | null = null) {
  const reader = new FakeReader();
  for (const [offset, index] of ["logs", "logs", "other", "other", "other"].entries())
    putLetter(reader, offset, { index });
  const holders = new Map([[documentId("app", sourceRecord("v0", { offset: 0 })), "mended"]]);
  const findHolders = () => Promise.resolve({ holders, problems: [] });
  return lettersLeft({ deadLetterTopic: "dead", filter, newest }, { reader, findHolders, signal, deadline });
}

test("counts what became of each letter, and says which index has their records", async () => {
  expect(await look(100)).toEqual({
    states: { open: 1, resolved: 1, unknown: 0 },
    statesProblems: [],
    byIndex: [{ index: "mended", letters: 1 }],
    complete: true,
  });
});

test("says that it did not read all letters, and why", async () => {
  expect(await look(3)).toMatchObject({
    states: { open: 0, resolved: 0, unknown: 0 },
    statesProblems: ["of the letters of all groups, only about the newest 3 were read"],
    complete: false,
  });
  expect(await look(100, AbortSignal.abort())).toMatchObject({
    states: { open: 0, resolved: 0, unknown: 0 },
    statesProblems: ["there was no time to read all letters"],
    complete: false,
  });
});
