import { z } from "zod";
import type { TemplateFacts } from "../../../rules/diagnosis/data-streams.ts";
import { shaped } from "../transport/shaped.ts";

const members = ["index_patterns", "priority", "data_stream"].map((member) => `index_template.${member}`);
/** Without their content, which may be large. */
export const allTemplatesQuestion = {
  method: "GET",
  path: "/_index_template",
  querystring: {
    filter_path: ["name", ...members].map((member) => `index_templates.${member}`).join(","),
  },
} as const;

const shape = z.object({
  index_templates: z
    .array(
      z.object({
        name: z.string(),
        index_template: z.object({
          index_patterns: z.union([z.string(), z.array(z.string())]),
          priority: z.number().default(0),
          data_stream: z.unknown().optional(),
        }),
      }),
    )
    .default([]),
});

/** Reads the answer to `allTemplatesQuestion`. @throws PenstockError `elasticsearch_refused` if it has another form */
export function templatesIn(answer: unknown): TemplateFacts[] {
  return shaped(shape, answer, allTemplatesQuestion.path).index_templates.map(
    ({ name, index_template: template }) => ({
      name,
      patterns: [template.index_patterns].flat(),
      priority: template.priority,
      isOfStreams: template.data_stream !== undefined,
    }),
  );
}
