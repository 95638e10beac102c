import { describe, expect, test } from "bun:test";
import { overridden, readTriedDeclaration } from "../../../../lib/rules/trial/tried-declaration.ts";
import { specification } from "../../../support/records.ts";

const read = (entry: unknown, topic = "app") =>
  readTriedDeclaration(entry, topic, "dead", Date.UTC(2026, 10, 30));
const reasons = (entry: unknown, topic = "app") => {
  const answer = read(entry, topic);
  return answer.kind === "refused" ? answer.faults : null;
};

test("an entry for the topic, for a pattern that covers it, or without a name", () => {
  const json = specification({ format: "json" });
  for (const entry of [
    { topic: "app", format: "json" },
    { pattern: "a*", format: "json" },
    { format: "json" },
  ])
    expect(read(entry)).toEqual({ kind: "specification", spec: json });
  expect(read({ pattern: "a*", index: "logs-{topic}" })).toMatchObject({ spec: { index: "logs-app" } });
});

test("what hosts refuse is refused by field", () => {
  expect(reasons({ topic: "other" })).toEqual([
    { field: "topic", reason: 'topic "other" is not the topic that is tried, "app"' },
  ]);
  expect(reasons({ pattern: "b*" })).toEqual([
    { field: "pattern", reason: 'pattern "b*" does not cover topic "app"' },
  ]);
  expect(reasons({ pattern: "a*", exclude: ["ap*"] })?.[0]?.field).toBe("pattern");
  expect(reasons({ startAt: "2027-01-01T00:00:00Z" })?.[0]?.field).toBe("startAt");
  expect(reasons({ timestamp: "t" })).toEqual([
    { field: "timestamp", reason: 'timestamp "t" needs format: json' },
  ]);
  expect(reasons({ idnex: "a" })?.[0]?.field).toBe("idnex");
  expect(reasons({ pattern: "?pp" }, "App")?.[0]).toMatchObject({ field: "index" });
  expect(reasons({}, "dead")?.[0]?.field).toBe("topic");
});

describe("options replace those of the declaration", () => {
  const declared = specification({
    index: "logs-app",
    format: "json",
    timestamp: "time",
    path: "/var/log/app",
    pipeline: "p",
  });

  test("and the others stay", () => {
    const entry = overridden(declared, { pipeline: "q" });
    expect(read(entry)).toEqual({ kind: "specification", spec: { ...declared, pipeline: "q" } });
  });

  test("a data stream in place of an index, and the other way round", () => {
    const spec = { ...declared, index: "logs-a-b", dataStream: "logs-a-b" };
    const asStream = read(overridden(declared, { dataStream: "logs-a-b" }));
    expect(asStream).toEqual({ kind: "specification", spec });
    const back = read(overridden({ ...spec, retention: "3d" }, { index: "logs-app" }));
    expect(back).toEqual({ kind: "specification", spec: declared });
  });

  test("text rules JSON's options out, unless they are given too", () => {
    expect(read(overridden(declared, { format: "text" }))).toMatchObject({
      spec: { format: "text", timestamp: null },
    });
    expect(reasons(overridden(declared, { format: "text", timestamp: "t" }))?.[0]?.field).toBe("timestamp");
  });
});
