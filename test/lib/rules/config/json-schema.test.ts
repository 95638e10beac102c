import { expect, test } from "bun:test";
import { join } from "node:path";
import { configJsonSchema } from "../../../../lib/rules/config/json-schema.ts";

test("infra/config.schema.json is what the rules say (bun run schema)", async () => {
  const file = Bun.file(join(import.meta.dir, "../../../../infra/config.schema.json"));
  expect(await file.json()).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
});

test("closed to unknown keys, open to variables", () => {
  expect(configJsonSchema()).toMatchObject({
    required: ["kafka", "elasticsearch"],
    additionalProperties: false,
    properties: {
      http: { properties: { port: { default: 8080, anyOf: [{ type: "integer" }, { pattern: "\\$\\{" }] } } },
    },
  });
});
