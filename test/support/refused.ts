import type { TestElasticsearch } from "./elasticsearch.ts";

/**
 * The rest of a declaration where a test wants dead letters: what the mapping refuses would else be indexed in another
 * form.
 */
export const unforgiving = { format: "json", rejected: "dead-letter" } as const;

/**
 * Makes an index in which `n` is a whole number, whatever a template says; to be made before the records come. With
 * {@link unforgiving} what brings another `n` is a dead letter.
 */
export async function makeIndexOfNumbers(
  { request }: Pick<TestElasticsearch, "request">,
  index: string,
): Promise<void> {
  const n = { type: "long", ignore_malformed: false };
  // By which audit finds its documents.
  const kafka = { properties: { topic: { type: "keyword" } } };
  const { status, body } = await request("PUT", `/${index}`, { mappings: { properties: { n, kafka } } });
  if (status !== 200) throw new Error(`index ${index} was not made: ${JSON.stringify(body)}`);
}

/**
 * An index template of these names as data streams, with this field a whole number, that keep in a failure store what they
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
