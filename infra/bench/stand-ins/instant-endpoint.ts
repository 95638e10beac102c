// `bun infra/bench/stand-ins/instant-endpoint.ts`: a bulk endpoint that answers at once. It is a process of its own, so that only
// the sender is measured. Prints its URL; /_count returns the number of documents received.

const item = '{"create":{"result":"created","status":201}}';
const answers = new Map<number, string>();
const headers = {
  "content-type": "application/vnd.elasticsearch+json;compatible-with=9",
  "x-elastic-product": "Elasticsearch",
};
/** By path. The host reads a template again after writing it. */
const templates = new Map<string, string>();
let documents = 0;

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  maxRequestBodySize: 1024 ** 3,
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/_bulk") return new Response(answerTo(await request.bytes()), { headers });
    if (pathname === "/_count") return Response.json({ documents });
    if (pathname === "/") return Response.json({ version: { number: "9.2.0" } }, { headers });
    if (request.method === "PUT") {
      templates.set(pathname, await request.text());
      return Response.json({ acknowledged: true }, { headers });
    }
    const template = templates.get(pathname);
    if (template === undefined) return Response.json({}, { headers, status: 404 });
    return new Response(`{"index_templates":[{"index_template":${template}}]}`, { headers });
  },
});
process.stdout.write(`${server.url.origin}\n`);

/** Every second line of the body is a document. */
function answerTo(body: Uint8Array): string {
  let lines = 0;
  for (let at = body.indexOf(0x0a); at !== -1; at = body.indexOf(0x0a, at + 1)) lines += 1;
  const count = lines / 2;
  documents += count;
  const answer =
    answers.get(count) ?? `{"errors":false,"items":[${Array.from({ length: count }, () => item).join(",")}]}`;
  answers.set(count, answer);
  return answer;
}
