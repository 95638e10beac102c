import {
  type ExistingTemplate,
  indexTemplateName,
  coveringTemplate,
} from "../../../lib/rules/template/index-template.ts";

/**
 * Measures Elasticsearch's own share of a reload: extending the template to a new index, and the first document in it. Runs
 * beside the reloads, under the same load, with plain requests.
 * @returns milliseconds, one for each index
 */
export async function measureElasticsearchAlone(
  node: string,
  indices: readonly string[],
  signal: AbortSignal,
): Promise<number[]> {
  const send = async (method: "PUT" | "POST", path: string, type: string, body: string): Promise<void> => {
    const headers = { "content-type": type };
    const answer = await fetch(new URL(path, node), { method, headers, body, signal });
    const text = await answer.text();
    if (!answer.ok || text.includes('"errors":true')) throw new Error(`${method} ${path}: ${text}`);
  };
  const took: number[] = [];
  let existing: ExistingTemplate | null = null;
  for (const index of indices) {
    const template = coveringTemplate(existing, [index]);
    const document = { "@timestamp": new Date().toISOString(), message: "the first record" };
    const startedAt = performance.now();
    await send(
      "PUT",
      `/_index_template/${indexTemplateName}-bench`,
      "application/json",
      JSON.stringify(template),
    );
    const operation = `${JSON.stringify({ create: { _index: index, _id: "0" } })}\n${JSON.stringify(document)}\n`;
    await send("POST", "/_bulk", "application/x-ndjson", operation);
    took.push(performance.now() - startedAt);
    existing = {
      patterns: template.index_patterns,
      version: Number(template["version"]),
      form: "",
      body: template,
    };
  }
  return took;
}
