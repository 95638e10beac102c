import { expect, test } from "bun:test";
import { previewPlan, type PreviewInput } from "../../functions/preview-plan.ts";
import { bareSpecification } from "../../lib/rules/model/specification.ts";
import { declaration } from "../support/declarations.ts";
import { topicStatus } from "../support/topic-status.ts";

const preview = (changes: Partial<PreviewInput>) =>
  previewPlan({
    declarations: [],
    refusals: [],
    deadLetterTopic: "dead",
    running: [],
    inKafka: new Set(["a", "b", "c"]),
    now: 0,
    ...changes,
  });
const names = (steps: readonly { readonly topic: string }[]): string[] => steps.map(({ topic }) => topic);

test("without a host, everything that exists starts", () => {
  const { plan } = preview({ declarations: [declaration("a"), declaration("missing")] });
  expect([names(plan.start), names(plan.pending)]).toEqual([["a"], ["missing"]]);
});

test("compared with a host: what differs is replaced, what is absent stops, the rest stays", () => {
  const { plan } = preview({
    declarations: [declaration("a"), declaration("b", { index: "new" })],
    running: ["a", "b", "c"].map((topic) => topicStatus({ topic })),
  });
  expect([names(plan.keep), names(plan.replace), names(plan.stop)]).toEqual([["a"], ["b"], ["c"]]);
  expect(plan.replace[0]?.changes).toEqual([{ field: "index", from: "b", to: "new" }]);
});

test.each(["pending", "stopping", "failed"] as const)("a topic that is %s does not run yet", (state) => {
  const { plan } = preview({
    declarations: [declaration("a")],
    running: [topicStatus({ topic: "a", state })],
  });
  expect(names(plan.start)).toEqual(["a"]);
});

test("conflicts and refusals are told", () => {
  const later = { name: "other.yaml", entry: 1 };
  const { plan, conflicts } = preview({
    declarations: [declaration("a"), declaration("a", { index: "x" }, later), declaration("dead")],
    running: [topicStatus({ topic: "a", spec: bareSpecification("a") })],
  });
  expect(conflicts).toMatchObject([{ topic: "a", differs: [{ field: "index", from: "a", to: "x" }] }]);
  expect(plan.refused).toMatchObject([{ name: "dead" }]);
});
