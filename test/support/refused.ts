import type { TestElasticsearch } from "./elasticsearch.ts";
import { eventually } from "./eventually.ts";

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

/**
 * Puts a document of another program, with this value that the stream refuses, into its failure store: on a busy machine the
 * store's first index is late, and what is refused meanwhile is stored nowhere.
 */
export async function openFailureStore(
  { request }: Pick<TestElasticsearch, "request">,
  stream: string,
  unfit: object,
): Promise<void> {
  await eventually("the failure store takes a document", async () => {
    const document = { "@timestamp": "2026-01-01T00:00:00Z", ...unfit };
    const { status, body } = await request("PUT", `/${stream}/_create/foreign:1`, document);
    return status === 201 && body["failure_store"] === "used";
  });
}
