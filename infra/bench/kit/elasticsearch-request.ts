/** Asks an Elasticsearch, with JSON both ways. @throws Error with the answer, where it refuses */
export type ElasticsearchRequest = (method: string, path: string, body?: object) => Promise<unknown>;

export function elasticsearchRequest(node: string, signal: AbortSignal): ElasticsearchRequest {
  return async (method, path, body) => {
    const answer = await fetch(new URL(path, node), {
      method,
      signal,
      ...(body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`);
    return answer.json();
  };
}
