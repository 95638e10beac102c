import { describe, expect, test } from "bun:test";
import { doesAnything, planRows } from "../../../../lib/rules/plan/plan-rows.ts";
import type { Plan } from "../../../../lib/rules/plan/plan.ts";
import { empty, keep, replace, source, start, stop } from "../../../support/plans.ts";

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

test("starting, stopping and replacing is doing something; keeping and waiting is not", () => {
  expect(doesAnything({ ...empty, keep: [keep("a")], pending: [{ topic: "b", source, reason: "" }] })).toBe(
    false,
  );
  expect(doesAnything({ ...empty, stop: [stop("a")] })).toBe(true);
});
