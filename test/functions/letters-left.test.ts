import { expect, test } from "bun:test";
import { lettersLeft } from "../../functions/letters-left.ts";
import { filterOf } from "../../functions/list-dead-letters.ts";
import { PenstockError } from "../../lib/rules/base/errors.ts";
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

test("looks where they were just sent before it asks the whole cluster, which may not answer in time", async () => {
  const reader = new FakeReader();
  for (const offset of [0, 1]) putLetter(reader, offset, { index: "logs" });
  const ids = [0, 1].map((offset) => documentId("app", sourceRecord(`v${offset}`, { offset })));
  const findHolders = (indices: readonly string[] | null) => {
    if (indices === null) throw new PenstockError("elasticsearch_unavailable", "not within 10 s");
    const holders = new Map(indices.includes("mended") ? ids.map((id) => [id, "mended"] as const) : []);
    return Promise.resolve({ holders, problems: [] });
  };
  const deps = { reader, findHolders, signal, deadline: null, sentTo: "mended" };
  expect(await lettersLeft({ deadLetterTopic: "dead", filter, newest: 100 }, deps)).toMatchObject({
    states: { open: 0, resolved: 2, unknown: 0 },
    statesProblems: [],
    byIndex: [{ index: "mended", letters: 2 }],
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
