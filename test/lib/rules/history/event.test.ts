import { expect, test } from "bun:test";
import { Glob } from "bun";
import { concerns, eventOf, toldMessages } from "../../../../lib/rules/history/event.ts";
import { Repetitions } from "../../../../lib/rules/history/event-log.ts";

const context = { at: 5, host: "h1", hide: (text: string) => text.replaceAll("s3cret", "(hidden)") };

test("a log line becomes an event, with its topics apart; others do not", () => {
  expect(eventOf("a topic stalled", { topic: "app", reason: "password s3cret is wrong" }, context)).toEqual({
    at: 5,
    host: "h1",
    kind: "trouble",
    topics: ["app"],
    more: false,
    text: "a topic stalled",
    fields: { reason: "password (hidden) is wrong" },
  });
  expect(eventOf("a bulk was sent", { topic: "app" }, context)).toBeNull();
  expect(eventOf("constructor", {}, context)).toBeNull();
});

test("a shortened list of topics may concern any other", () => {
  const event = eventOf("a topic runs", { topics: ["a", "b", "and 480 more"], count: 482 }, context);
  expect(event).toMatchObject({ topics: ["a", "b"], more: true, fields: { count: 482 } });
  expect(event && [concerns(event, "a"), concerns(event, "z")]).toEqual([true, true]);
  const reconciled = eventOf(
    "reconciled",
    { started: ["a"], stopped: [], replaced: ["c"], keep: 3 },
    context,
  );
  expect(reconciled).toMatchObject({ topics: ["a", "c"], more: false });
  expect(reconciled && concerns(reconciled, "z")).toBe(false);
});

test("fields are bounded, whatever is logged", () => {
  const deep = { a: { b: { c: { d: { e: 1 } } } } };
  const fields = { error: new Error("no s3cret"), text: "x".repeat(9_000), list: Array(900).fill(1), deep };
  const event = eventOf("a replay failed", fields, context);
  expect(event?.fields["error"]).toBe("no (hidden)");
  expect(JSON.stringify(event).length).toBeLessThan(2_000);
  expect(JSON.stringify(event)).toContain("…");
});

test("a stop of most topics is remembered, as trouble of the whole host", () => {
  const message = "most topics were stopped at once: their declarations are gone";
  const event = eventOf(message, { reason: "mass_stop", stopped: 480, left: 0 }, context);
  expect(event).toMatchObject({ kind: "trouble", topics: [], fields: { stopped: 480 } });
});

test("every remembered message is one that the code logs", async () => {
  let code = "";
  for (const folder of ["infra/host", "lib"])
    for await (const path of new Glob(`${folder}/**/*.ts`).scan("."))
      if (!path.endsWith("history/event.ts")) code += await Bun.file(path).text();
  const unknown = Object.keys(toldMessages).filter((message) => !code.includes(`"${message}"`));
  expect(unknown).toEqual([]);
});

test("only the same event once more is a repetition, not the return of an earlier one", () => {
  const repetitions = new Repetitions();
  const tell = (at: number, message: string, fields: object = {}) => {
    const event = eventOf(message, { topic: "app", ...fields }, { ...context, at });
    return event !== null && repetitions.isRepeated(event);
  };
  expect(tell(0, "a topic stalled")).toBe(false);
  expect(tell(1, "a topic stalled", { leftOut: 7 })).toBe(true);
  expect(tell(2, "a topic resumed")).toBe(false);
  expect(tell(3, "a topic stalled")).toBe(false);
  expect(tell(700_000, "a topic stalled")).toBe(false);
});
