import { expect, test } from "bun:test";
import { NO_OUTCOMES } from "../../../../../../functions/replay-dead-letters.ts";
import type { LettersLeft } from "../../../../../../functions/letters-left.ts";
import {
  emptyWords,
  isAllResolved,
  jobTitle,
  leftSomething,
  leftWords,
  outcomeWords,
} from "../../../../../../infra/console/app/dead-letters/replay/replay-words.ts";
import type { ReplayJob } from "../../../../../../infra/api/letters/dead-letters.ts";
import { noStates } from "../../../../../../lib/rules/dead-letters/letter-state.ts";

test("outcomes are told where there are any, what came back first", () => {
  expect(outcomeWords(NO_OUTCOMES)).toBe("");
  expect(outcomeWords({ ...NO_OUTCOMES, stillRejected: 100, indexed: 11_900, alreadyThere: 2 })).toBe(
    "11,900 indexed · 2 already there (duplicate) · 100 still rejected",
  );
  expect(outcomeWords({ ...NO_OUTCOMES, wouldReplay: 3 })).toBe("3 would be replayed");
});

test("something is left where a record is not in the index for a reason of its own", () => {
  expect(leftSomething({ ...NO_OUTCOMES, indexed: 1, alreadyThere: 1, skipped: 1 })).toBe(false);
  expect(leftSomething({ ...NO_OUTCOMES, stillRejected: 1 })).toBe(true);
  expect(leftSomething({ ...NO_OUTCOMES, unrecoverable: 1 })).toBe(true);
});

test("what is left of a group is good news only if every letter was looked up and is resolved", () => {
  const all: LettersLeft = {
    states: { open: 0, resolved: 1_143, unknown: 0 },
    statesProblems: [],
    byIndex: [{ index: "mended", letters: 1_143 }],
    complete: true,
  };
  expect([isAllResolved(all), leftWords(all)]).toEqual([
    true,
    "Every letter of the group was looked up: 1,143 resolved, 0 left; all in mended.",
  ]);
  const some = { ...all, complete: false };
  expect([isAllResolved(some), leftWords(some)]).toEqual([
    false,
    "Not every letter of the group was looked up: 1,143 resolved, 0 left; all in mended.",
  ]);
  const unknown = { ...all, states: { open: 2, resolved: 1_143, unknown: 1 } };
  expect([isAllResolved(unknown), leftWords(unknown)]).toEqual([
    false,
    "Not every letter of the group was looked up: 1,143 resolved, 2 left, 1 unknown; 1,143 in mended.",
  ]);
  const none = { ...some, states: noStates, byIndex: [] };
  expect([isAllResolved(none), leftWords(none)]).toEqual([false, "No letter of the group was looked up."]);
});

test("an empty list says that nothing is left only if every letter was looked up", () => {
  expect(emptyWords("open", true)).toBe("Nothing is left: no letter of this kind is open.");
  expect(emptyWords("open", false)).toBe("None of the letters that were looked up is open.");
  expect(emptyWords("resolved", true)).toBe("There is none.");
  expect(emptyWords("all", false)).toBe("There is none among the letters that were looked up.");
});

test("a job is named by what it takes", () => {
  const title = (request: Partial<ReplayJob["request"]>) =>
    jobTitle({
      id: "1",
      state: "running",
      request: {
        topic: null,
        error: null,
        since: null,
        index: null,
        refusedBy: null,
        field: null,
        dryRun: false,
        ...request,
      },
      startedAt: "",
      endedAt: null,
      progress: { read: 0, total: 0, outcomes: NO_OUTCOMES },
      result: null,
      error: null,
      change: null,
      left: null,
    });
  expect(title({ topic: "pay", error: "parse" })).toBe("Replay of pay, parse");
  expect(title({ topic: "pay", refusedBy: "old", field: "user" })).toBe(
    "Replay of pay, refused by old for user",
  );
  expect(title({ dryRun: true, index: "other" })).toBe("Dry run of a replay of all topics, into other");
});
