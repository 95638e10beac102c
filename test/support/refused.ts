import type { TestElasticsearch } from "./elasticsearch.ts";

/**
 * The rest of a declaration where a test wants dead letters: what the mapping refuses would else be indexed in another
 * form.
 */
export const unforgiving = { format: "json", rejected: "dead-letter" } as const;

/** A record's value that {@link makeIndexOfNumbers}'s index refuses. */
export const noNumber = '{"n":"no number"}';

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
