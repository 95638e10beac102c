/** Sends and receives JSON. @throws Error with the answer, unless that is a success */
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
