import { describe, expect, test } from "bun:test";
import {
  specificationChanges,
  specificationHash,
  specify,
  withIndex,
} from "../../../../lib/rules/model/specification.ts";
import { declaration } from "../../../support/declarations.ts";
import { specification } from "../../../support/records.ts";

describe("a specification", () => {
  test("uses the topic's name as the default index", () => {
    expect(specify(declaration("app", { format: "json" }), "app")).toEqual(
      specification({ topic: "app", index: "app", format: "json" }),
    );
  });

  test("of a data stream writes to it by its name", () => {
    const streamed = declaration("app-*", { dataStream: "logs-{topic}-prod", retention: "30d" });
    expect(specify(streamed, "app-one")).toEqual(
      specification({
        topic: "app-one",
        index: "logs-app-one-prod",
        dataStream: "logs-app-one-prod",
        retention: "30d",
      }),
    );
  });

  test("that is written elsewhere keeps its data stream only under that name", () => {
    const spec = specification({ index: "s", dataStream: "s" });
    expect(withIndex(spec, "s")).toEqual(spec);
    expect(withIndex(spec, "other")).toMatchObject({ index: "other", dataStream: null });
  });

  test("from a pattern has the topic in its index, and keeps the date placeholder", () => {
    const spec = specify(declaration("app-*", { index: "logs-{topic}-{yyyy.MM.dd}" }), "app-one");
    expect(spec).toMatchObject({ topic: "app-one", index: "logs-app-one-{yyyy.MM.dd}" });
  });
});

describe("its hash", () => {
  const hash = specificationHash(specification());

  test("does not depend on the order of fields", () => {
    const reversed = Object.fromEntries(Object.entries(specification()).toReversed());
    expect(specificationHash({ ...specification(), ...reversed })).toBe(hash);
    const { topic, ...rest } = specification();
    expect(specificationHash({ ...rest, topic })).toBe(hash);
  });

  test.each([
    { index: "other" },
    { index: "app", dataStream: "app" },
    { retention: "30d" },
    { format: "json" },
    { timestamp: "time" },
    { pipeline: "p" },
    { topic: "other" },
  ] as const)("changes with %j", (change) => {
    expect(specificationHash(specification(change))).not.toBe(hash);
  });

  test.each([{ startAt: "latest" }, { path: "/var/log/app.log" }] as const)("ignores %j", (change) => {
    expect(specificationHash(specification(change))).toBe(hash);
  });
});

test("changes list each field with both values", () => {
  expect(specificationChanges(specification(), specification())).toEqual([]);
  expect(specificationChanges(specification(), specification({ path: "/a", format: "json" }))).toEqual([
    { field: "path", from: null, to: "/a" },
    { field: "format", from: "text", to: "json" },
  ]);
});
