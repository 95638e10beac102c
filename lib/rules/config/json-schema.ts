import { z } from "zod";
import { configSchema } from "./schema.ts";

/** The JSON Schema of the config file for editors, without the older format. */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(configSchema, {
    io: "input",
    override: ({ jsonSchema }) => {
      const isBound = jsonSchema.type === "integer" || jsonSchema.type === "boolean";
      if (!isBound && jsonSchema.pattern === undefined && jsonSchema.enum === undefined) return;
      // Any string may contain a reference to a variable or file, and numbers and booleans may be one.
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
      "Any string may contain ${VAR} or ${VAR:-default} for an environment variable, and ${file:/path} for the text of a file.",
  };
}
