import { expect, test } from "bun:test";
import { letterStandings } from "../../../functions/digest-dead-letters/letter-standings.ts";
import { PenstockError } from "../../../lib/rules/base/errors.ts";
import type { ReadDeadLetter } from "../../../lib/rules/dead-letters/dead-letter-reader.ts";
import { documentId } from "../../../lib/rules/documents/document-id.ts";
import { sourceRecord } from "../../support/records.ts";
import { rejection } from "../../support/rejection.ts";

const letter = (offset: number, index = "app"): ReadDeadLetter => ({
  topic: "app",
  record: sourceRecord("v", { offset }),
  valueOmitted: false,
  index,
  status: 400,
  error: { type: "t", reason: "" },
  attempts: 1,
  failedAt: 0,
});
const idOf = ({ topic, record }: ReadDeadLetter) => documentId(topic, record);
const signal = new AbortController().signal;

/** Answers from these documents, and notes what was asked: the names, and how many ids. */
function world(documents: readonly (readonly [index: string, letter: ReadDeadLetter])[]) {
  const asked: (readonly [readonly string[] | null, number])[] = [];
  const findHolders = (indices: readonly string[] | null, ids: readonly string[]) => {
    asked.push([indices, ids.length]);
    const found = documents.filter(([index]) => indices?.includes(index) ?? true);
    return Promise.resolve({
      holders: new Map(found.map(([index, one]) => [idOf(one), index])),
      problems: [],
    });
  };
  return { asked, standings: letterStandings({ findHolders, signal, deadline: null }) };
}

test("a letter is resolved once any index has its record; those of the topic are asked first", async () => {
  const letters = [letter(1), letter(2, "app-{yyyy.MM.dd}"), letter(3)] as const;
  const { asked, standings } = world([
    ["app", letters[0]],
    ["app-mended", letters[2]],
  ]);
  expect(await standings.of(letters)).toEqual([
    { state: "resolved", heldBy: "app" },
    { state: "open", heldBy: null },
    { state: "resolved", heldBy: "app-mended" },
  ]);
  expect(asked).toEqual([
    [["app", "app-*"], 3],
    [null, 2],
  ]);
  expect(standings.problems()).toEqual([]);
});

test("all indices are asked about a limited number of letters, and that is said", async () => {
  const many = Array.from({ length: 3_000 }, (_, offset) => letter(offset));
  const { asked, standings } = world([]);
  await standings.of(many);
  await standings.of(many);
  await standings.of(many);
  expect(asked.filter(([indices]) => indices === null).map(([, ids]) => ids)).toEqual([3_000, 2_000]);
  expect(standings.problems()).toEqual([expect.stringContaining("only 5000 letters were looked up in all")]);
});

test("a letter for a whole batch is unknown: it does not say which ids its records have", async () => {
  const { asked, standings } = world([]);
  expect(await standings.of([{ ...letter(1), batch: { end: 9, records: 4 } }])).toMatchObject([
    { state: "unknown" },
  ]);
  expect(asked).toEqual([]);
  expect(standings.problems()).toEqual([expect.stringContaining("whole record batches")]);
});

test("if Elasticsearch fails, or there is no time, letters are unknown and the reason is kept", async () => {
  const failing = letterStandings({
    findHolders: () => Promise.reject(new PenstockError("elasticsearch_unavailable", "no answer")),
    signal,
    deadline: null,
  });
  expect(await failing.of([letter(1)])).toEqual([{ state: "unknown", heldBy: null }]);
  expect(failing.problems()).toEqual(["what is in the index is unknown: no answer"]);
  const late = letterStandings({
    findHolders: () => Promise.reject(new Error("asked too late")),
    signal,
    deadline: AbortSignal.abort(),
  });
  expect(await late.of([letter(1)])).toEqual([{ state: "unknown", heldBy: null }]);
  expect(late.problems()).toEqual(["there was no time to look up all letters"]);
});

test("if only the look at all indices fails, what the letters' own indices have stays known", async () => {
  const letters = [letter(1), letter(2)] as const;
  const findHolders = (indices: readonly string[] | null) =>
    indices === null
      ? Promise.reject(new PenstockError("elasticsearch_refused", "all shards failed"))
      : Promise.resolve({ holders: new Map([[idOf(letters[0]), "app"]]), problems: [] });
  const standings = letterStandings({ findHolders, signal, deadline: null });
  expect(await standings.of(letters)).toEqual([
    { state: "resolved", heldBy: "app" },
    { state: "unknown", heldBy: null },
  ]);
  expect(standings.problems()).toEqual(["what other indices have is unknown: all shards failed"]);
});

test("a lost shard of another index hides nothing: what is found is resolved, and the rest is open, which is said", async () => {
  const letters = [letter(1), letter(2)] as const;
  const [holders, none] = [new Map([[idOf(letters[0]), "app-mended"]]), new Map<string, string>()];
  const findHolders = (indices: readonly string[] | null) =>
    Promise.resolve(
      indices === null ? { holders, problems: ["1 of 9 shards failed"] } : { holders: none, problems: [] },
    );
  const all = letterStandings({ findHolders, signal, deadline: null });
  expect(await all.of(letters)).toEqual([
    { state: "resolved", heldBy: "app-mended" },
    { state: "open", heldBy: null },
  ]);
  expect(all.problems()).toEqual([
    "a letter whose record went to another index may be counted as open: 1 of 9 shards failed",
  ]);
  const found = letterStandings({ findHolders, signal, deadline: null });
  await found.of(letters.slice(0, 1));
  expect(found.problems()).toEqual([]);
});

test("with a lost shard of the letters' own index, only what is found is known", async () => {
  const letters = [letter(1), letter(2)] as const;
  const holders = new Map([[idOf(letters[0]), "app"]]);
  const findHolders = (indices: readonly string[] | null) =>
    Promise.resolve(
      indices === null
        ? { holders: new Map<string, string>(), problems: [] }
        : { holders, problems: ["1 of 2 shards failed"] },
    );
  const standings = letterStandings({ findHolders, signal, deadline: null });
  expect(await standings.of(letters)).toEqual([
    { state: "resolved", heldBy: "app" },
    { state: "unknown", heldBy: null },
  ]);
  expect(standings.problems()).toEqual([
    "what is in index app is not known as a whole: 1 of 2 shards failed",
  ]);
  const none = new Map<string, string>();
  const two = letterStandings({
    findHolders: (indices) =>
      Promise.resolve({ holders: none, problems: indices?.includes("red") === true ? ["1 lost"] : [] }),
    signal,
    deadline: null,
  });
  expect(await two.of([letter(2), letter(3, "red")])).toEqual([
    { state: "open", heldBy: null },
    { state: "unknown", heldBy: null },
  ]);
  expect(two.problems()).toEqual(["what is in index red is not known as a whole: 1 lost"]);
});

test("an abort and a bug are no problem of the letters", async () => {
  const stop = new Error("stop");
  const stopped = letterStandings({
    findHolders: () => Promise.reject(new PenstockError("elasticsearch_unavailable", "no answer")),
    signal: AbortSignal.abort(stop),
    deadline: null,
  });
  expect(await rejection(stopped.of([letter(1)]))).toBe(stop);
  const bug = new Error("bug");
  const buggy = letterStandings({ findHolders: () => Promise.reject(bug), signal, deadline: null });
  expect(await rejection(buggy.of([letter(1)]))).toBe(bug);
});
