import { expect, test } from "bun:test";
import { join } from "node:path";
import { configJsonSchema } from "../../../../lib/rules/config/json-schema.ts";

test("infra/config.schema.json is up to date (bun run schema)", async () => {
  const file = Bun.file(join(import.meta.dir, "../../../../infra/config.schema.json"));
  expect(await file.json()).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
});

test("refuses unknown keys and allows variables", () => {
  expect(configJsonSchema()).toMatchObject({
    required: ["kafka", "elasticsearch"],
    additionalProperties: false,
    properties: {
      http: { properties: { port: { default: 8080, anyOf: [{ type: "integer" }, { pattern: "\\$\\{" }] } } },
    },
  });
});
