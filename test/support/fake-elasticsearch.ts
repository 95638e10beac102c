/** An Elasticsearch that has nothing, and remembers what it was asked for. */
export interface FakeElasticsearch extends AsyncDisposable {
  readonly url: string;
  /** Methods and paths, without the question for its version. */
  readonly asked: readonly string[];
}

const nothing = { took: 0, hits: { total: { value: 0, relation: "eq" }, hits: [] } };

export function startFakeElasticsearch(): FakeElasticsearch {
  const asked: string[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch({ method, url }) {
      const headers = { "x-elastic-product": "Elasticsearch" };
      const { pathname } = new URL(url);
      if (pathname === "/_nodes") return Response.json({ nodes: { a: { version: "9.2.0" } } }, { headers });
      asked.push(`${method} ${pathname}`);
      return Response.json(pathname.endsWith("/_search") ? nothing : {}, { headers });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    asked,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}
