import { expect, test } from "bun:test";
import { NO_OUTCOMES } from "../../../../../../functions/replay-dead-letters.ts";
import {
  jobTitle,
  leftSomething,
  outcomeWords,
} from "../../../../../../infra/console/app/dead-letters/replay/replay-words.ts";
import type { ReplayJob } from "../../../../../../infra/api/letters/dead-letters.ts";

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
