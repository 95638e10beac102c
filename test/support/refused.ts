import type { TestElasticsearch } from "./elasticsearch.ts";

/**
 * The rest of a declaration for tests of dead letters: without it, records that the mapping refuses are indexed in another
 * form.
 */
export const unforgiving = { format: "json", rejected: "dead-letter" } as const;

/**
 * Creates an index in which `n` is a whole number, regardless of templates; call it before records arrive. With
 * {@link unforgiving}, records with another `n` become dead letters.
 */
export async function makeIndexOfNumbers(
  { demand }: Pick<TestElasticsearch, "demand">,
  index: string,
): Promise<void> {
  const n = { type: "long", ignore_malformed: false };
  // Audit finds its documents by these.
  const kafka = { properties: { topic: { type: "keyword" } } };
  await demand("PUT", `/${index}`, { mappings: { properties: { n, kafka } } });
}

/**
 * An index template for data streams of these names, with this field a whole number, and a failure store for what they
 * reject.
 */
export async function putFailureStoreTemplate(
  { demand }: Pick<TestElasticsearch, "demand">,
  name: string,
  { pattern, field }: { readonly pattern: string; readonly field: string },
): Promise<void> {
  await demand("PUT", `/_index_template/${name}`, {
    index_patterns: [pattern],
    data_stream: {},
    priority: 500,
    template: {
      data_stream_options: { failure_store: { enabled: true } },
      mappings: { properties: { [field]: { type: "long" } } },
    },
  });
}
