import type { ReconcileAnswer } from "../../../../../infra/api/reconcile.ts";
import { describe, expect, test } from "bun:test";
import {
  doesAnything,
  effectOf,
  outcomeOf,
  planRows,
  stopsMost,
} from "../../../../../infra/console/app/plan/plan-rows.ts";
import type { SourceRef, Specification } from "../../../../../lib/rules/model/declaration.ts";
import { bareSpecification } from "../../../../../lib/rules/model/specification.ts";
import type { Plan } from "../../../../../lib/rules/plan/plan.ts";

const source: SourceRef = { kind: "etcd", name: "logs/a", revision: 7, entry: 0 };
const empty: Plan = { start: [], stop: [], replace: [], keep: [], pending: [], refused: [] };

function spec(topic: string, changes: Partial<Specification> = {}): Specification {
  return { ...bareSpecification(topic), ...changes };
}

const start = (topic: string, changes?: Partial<Specification>) => ({
  topic,
  source,
  spec: spec(topic, changes),
  reason: "declared",
});
const stop = (topic: string) => ({ topic, source, spec: spec(topic), reason: "gone" });
const replace = (topic: string) => ({
  ...start(topic),
  changes: [{ field: "index", from: "old", to: "new" }],
});
const keep = (topic: string) => ({ topic, reason: null });

describe("the lines of a plan", () => {
  const plan: Plan = {
    start: [start("a", { format: "json", path: "/a.log" })],
    stop: [stop("b")],
    replace: [replace("c")],
    keep: [keep("d")],
    pending: [{ topic: "e", source, reason: "missing" }],
    refused: [{ source, name: null, reason: "7 is no topic", lastGoodKept: true }],
  };

  test("in the order in which the sum tells them; what is kept only where it is wanted", () => {
    const kinds = ["start", "stop", "replace", "pending", "refused"];
    expect(planRows(plan, false).map(({ kind }) => kind)).toEqual(kinds as never);
    expect(planRows(plan, true).map(({ kind }) => kind)).toEqual([...kinds, "keep"] as never);
  });

  test("what starts has what it will be, what stops what it was, what is replaced both", () => {
    const [started, stopped, replaced] = planRows(plan, false);
    expect(started?.fields).toEqual([
      { field: "path", to: "/a.log" },
      { field: "index", to: "a" },
      { field: "format", to: "json" },
    ]);
    expect(stopped?.fields).toEqual([{ field: "index", from: "b" }]);
    expect(replaced?.fields).toEqual([{ field: "index", from: "old", to: "new" }]);
  });

  test("the name of a data stream is told once", () => {
    const [started] = planRows(
      { ...empty, start: [start("a", { index: "logs-a", dataStream: "logs-a" })] },
      false,
    );
    expect(started?.fields).toEqual([{ field: "dataStream", to: "logs-a" }]);
  });

  test("a refusal says that the last good is kept", () => {
    const refused = planRows(plan, false).at(-1);
    expect(refused).toMatchObject({ topic: null, reason: "7 is no topic. What it said before is kept" });
  });
});

test("the effect tells what is done and leaves out what is not", () => {
  expect(effectOf({ ...empty, start: [start("a"), start("b")], replace: [replace("c")] })).toBe(
    "start 2, replace 1",
  );
  expect(effectOf({ ...empty, stop: [stop("a")] })).toBe("stop 1");
  expect(doesAnything({ ...empty, keep: [keep("a")], pending: [{ topic: "b", source, reason: "" }] })).toBe(
    false,
  );
  expect(doesAnything({ ...empty, stop: [stop("a")] })).toBe(true);
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
