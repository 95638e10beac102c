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
  { request }: Pick<TestElasticsearch, "request">,
  index: string,
): Promise<void> {
  const n = { type: "long", ignore_malformed: false };
  // Audit finds its documents by these.
  const kafka = { properties: { topic: { type: "keyword" } } };
  const { status, body } = await request("PUT", `/${index}`, { mappings: { properties: { n, kafka } } });
  if (status !== 200) throw new Error(`index ${index} was not made: ${JSON.stringify(body)}`);
}

/**
 * An index template for data streams of these names, with this field a whole number, and a failure store for what they
 * reject.
 */
export async function putFailureStoreTemplate(
  { request }: Pick<TestElasticsearch, "request">,
  name: string,
  { pattern, field }: { readonly pattern: string; readonly field: string },
): Promise<void> {
  const { status, body } = await request("PUT", `/_index_template/${name}`, {
    index_patterns: [pattern],
    data_stream: {},
    priority: 500,
    template: {
      data_stream_options: { failure_store: { enabled: true } },
      mappings: { properties: { [field]: { type: "long" } } },
    },
  });
  if (status !== 200) throw new Error(`template ${name} was not taken: ${JSON.stringify(body)}`);
}
