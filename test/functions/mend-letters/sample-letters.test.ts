import { expect, test } from "bun:test";
import { sampleLetters } from "../../../functions/mend-letters/sample-letters.ts";
import { FakeReader } from "../../support/fake-reader.ts";
import { putLetter } from "../../support/put-letter.ts";

const group = { topic: "app", index: "logs", field: "n", error: "t" };
const { signal } = new AbortController();

test("a sample has the newest letters of its group, and says whether older ones may be left out", async () => {
  const reader = new FakeReader();
  for (const [offset, index] of ["logs", "logs", "other", "other", "other"].entries())
    putLetter(reader, offset, { index });
  const findHolders = () => Promise.resolve({ holders: new Map<string, string>(), problems: [] });
  const sampled = async (newest: number) => {
    const deps = { reader, findHolders, signal, deadline: null };
    const { letters, complete } = await sampleLetters({ deadLetterTopic: "dead", group, newest }, deps);
    return { offsets: letters.map(({ record }) => record.offset), complete };
  };
  expect(await sampled(100)).toEqual({ offsets: [1, 0], complete: true });
  expect(await sampled(4)).toEqual({ offsets: [1], complete: false });
  expect(await sampled(3)).toEqual({ offsets: [], complete: false });
});
