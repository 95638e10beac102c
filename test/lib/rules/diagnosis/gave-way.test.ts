import { expect, test } from "bun:test";
import { judgeGaveWay } from "../../../../lib/rules/diagnosis/gave-way.ts";
import type { FieldThatGaveWay } from "../../../../lib/rules/search/hits/gave-way.ts";

const field = (topic: string, name: string, why: FieldThatGaveWay["why"] = "unfit"): FieldThatGaveWay => ({
  topic,
  field: name,
  records: 1_200,
  why,
  type: why === "unfit" ? "long" : null,
  sample: { index: `${topic}-1`, id: `${topic}:0:7:x` },
});

test("names topic, field, number of records, reason, an example, and what to do", () => {
  expect(
    judgeGaveWay({ fields: [field("app", "user.id"), field("app", "x", "limit")], problems: [] }),
  ).toEqual([
    {
      area: "elasticsearch",
      name: "fields of app",
      state: "warning",
      seen: "not searchable by name: user.id in 1,200 records of the last day (values do not fit the mapped type long; for example app:0:7:x in app-1), x in 1,200 records of the last day (the index has the maximum number of fields; for example app:0:7:x in app-1)",
      remedy:
        "rename the field where it is logged, or map it in an index template of your own (keyword accepts any value)",
    },
  ]);
  expect(judgeGaveWay({ fields: [field("app", "x", "limit")], problems: [] })[0]?.remedy).toContain(
    "total_fields.limit",
  );
});

test("is ok if none did, and skipped if that is unknown", () => {
  expect(judgeGaveWay({ fields: [], problems: [] })).toMatchObject([{ name: "fields", state: "ok" }]);
  expect(judgeGaveWay({ fields: [], problems: ["it is too old"] })).toMatchObject([
    { state: "skipped", seen: "the check is incomplete: it is too old" },
  ]);
});

test("stays readable with many topics and fields", () => {
  const fields = Array.from({ length: 30 }, (_, n) => [field(`t${n}`, "n"), field("t0", `f${n}`)]).flat();
  const checks = judgeGaveWay({ fields, problems: [] });
  expect(checks).toHaveLength(21);
  expect(checks[0]?.seen).toEndWith("and 26 more fields");
  expect(checks[20]?.seen).toBe("fields of 10 more topics are not searchable by name");
});
