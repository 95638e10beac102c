import type { ReconcileAnswer } from "../../../../../infra/api/reconcile.ts";
import { describe, expect, test } from "bun:test";
import { effectOf, outcomeOf, stopsMost } from "../../../../../infra/console/app/plan/effect.ts";
import type { Plan } from "../../../../../lib/rules/plan/plan.ts";
import { empty, keep, replace, start, stop } from "../../../../support/plans.ts";

test("the effect tells what is done and leaves out what is not", () => {
  expect(effectOf({ ...empty, start: [start("a"), start("b")], replace: [replace("c")] })).toBe(
    "start 2, replace 1",
  );
  expect(effectOf({ ...empty, stop: [stop("a")] })).toBe("stop 1");
});

test("most means more than half of what this host has; what only starts does not count", () => {
  const two = [stop("a"), stop("b")];
  expect(stopsMost({ ...empty, stop: two, keep: [keep("c"), keep("d")] })).toBe(false);
  expect(stopsMost({ ...empty, stop: two, keep: [keep("c")] })).toBe(true);
  expect(stopsMost({ ...empty, stop: two, keep: [keep("c")], start: [start("x"), start("y")] })).toBe(true);
  expect(stopsMost(empty)).toBe(false);
});

describe("what became of it", () => {
  const answer = (plan: Partial<Plan>, failed: ReconcileAnswer["failed"] = []): ReconcileAnswer => ({
    dryRun: false,
    plan: { ...empty, ...plan },
    hash: "",
    conflicts: [],
    excluded: [],
    sources: { config: { ok: true, error: null, declarations: 0 }, etcd: null },
    failed,
    interrupted: false,
    durationMs: 1,
  });

  test("what failed to start does not count as started", () => {
    const failed = [{ topic: "b", error: "no permission" }];
    const { sentence } = outcomeOf(answer({ start: [start("a"), start("b")], stop: [stop("c")] }, failed));
    expect(sentence).toBe("Started 1, stopped 1.");
  });

  test("replacing ends at the first that fails", () => {
    const plan = { replace: [replace("a"), replace("b"), replace("c")] };
    expect(outcomeOf(answer(plan)).sentence).toBe("Replaced 3.");
    expect(outcomeOf(answer(plan, [{ topic: "b", error: "no" }])).sentence).toBe("Replaced 1.");
    expect(outcomeOf(answer(plan, [{ topic: "a", error: "no" }])).sentence).toBe(
      "Nothing was started, stopped or replaced.",
    );
  });
});
