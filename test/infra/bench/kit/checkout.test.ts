import { expect, test } from "bun:test";
import { namingIn } from "../../../../infra/bench/kit/checkout.ts";

const schemaWith = (...keys: string[]): object => ({
  properties: { kafka: { properties: Object.fromEntries(keys.map((key) => [key, { type: "string" }])) } },
});

test("a Penstock whose config knows a prefix has a group for each topic, any other one for all", () => {
  const byTopic = namingIn(schemaWith("brokers", "groupPrefix"));
  expect([byTopic.shared, byTopic.settings("g"), byTopic.groupOf("g", "t")]).toEqual([
    false,
    { groupPrefix: "g" },
    "g.t",
  ]);
  const shared = namingIn(schemaWith("brokers", "group"));
  expect([shared.shared, shared.settings("g"), shared.groupOf("g", "t")]).toEqual([
    true,
    { group: "g" },
    "g",
  ]);
});
