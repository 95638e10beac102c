import { z } from "zod";
import { configSchema } from "./schema.ts";

/** The JSON Schema of the config file as people write it: for editors. The older form is not in it. */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(configSchema, {
    io: "input",
    override: ({ jsonSchema }) => {
      const isBound = jsonSchema.type === "integer" || jsonSchema.type === "boolean";
      if (!isBound && jsonSchema.pattern === undefined && jsonSchema.enum === undefined) return;
      // A variable or a file may stand in any string, and for a number or a boolean too.
      const { default: fallback, description, ...rule } = jsonSchema;
      for (const key of Object.keys(jsonSchema)) Reflect.deleteProperty(jsonSchema, key);
      Object.assign(jsonSchema, {
        anyOf: [rule, { type: "string", pattern: "\\$\\{" }],
        ...(fallback === undefined ? {} : { default: fallback }),
        ...(description === undefined ? {} : { description }),
      });
    },
  });
  return {
    ...schema,
    title: "Penstock's config file",
    description:
      "In any string, ${VAR} and ${VAR:-default} stand for an environment variable, and ${file:/path} for the text of a file.",
  };
}
