import { describe, expect, test } from "bun:test";
import { createElasticsearch } from "../../../../../lib/adapters/elasticsearch/client.ts";
import { Secret } from "../../../../../lib/rules/secrets/secret.ts";
import type { NodeProxy } from "../../../../../lib/rules/model/settings.ts";
import { useReleases } from "../../../../support/releases.ts";
import { rejection } from "../../../../support/rejection.ts";
import { settings } from "../../../../support/settings.ts";

const releases = useReleases();

const { signal } = new AbortController();
const product = { "x-elastic-product": "Elasticsearch" };

function serve(fetch: (request: Request) => Response | Promise<Response>): string {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch });
  releases.push(() => server.stop(true));
  return `http://127.0.0.1:${server.port}`;
}

function connect(node: string, proxy?: NodeProxy) {
  const elasticsearch = createElasticsearch({
    ...settings().elasticsearch,
    nodes: [node],
    proxies: proxy === undefined ? {} : { [node]: proxy },
  });
  releases.push(() => elasticsearch.close());
  return elasticsearch;
}

const probed = async (node: string, proxy?: NodeProxy): Promise<string> =>
  ((await rejection(connect(node, proxy).probe(signal))) as Error).message;

describe("something in front of Elasticsearch:", () => {
  test.each([301, 302, 307, 308])("a redirect (%d) is reported with its target", async (status) => {
    const location = "https://user:secret@es.example.com/path?token=1";
    const node = serve(() => new Response("", { status, headers: { location } }));
    expect(await probed(node)).toBe(
      `Elasticsearch at ${node} redirects (${status}) to https://es.example.com: use that address in elasticsearch.nodes`,
    );
  });

  test("a proxy that removes the product header is told so", async () => {
    const node = serve(() => Response.json({ nodes: { a: { version: "9.2.0" } } }));
    expect(await probed(node)).toContain("version 9.2.0 without the header X-Elastic-Product");
  });

  test("a proxy's own page is reported as such", async () => {
    const node = serve(() => new Response("<html>who are you?", { status: 403 }));
    expect(await probed(node)).toBe(
      "Elasticsearch answered 403: the answer lacks the header X-Elastic-Product, so it may come from a proxy or load balancer in front of it",
    );
  });

  test("Elasticsearch's own errors are reported unchanged", async () => {
    const error = { type: "security_exception", reason: "no" };
    const node = serve(() => Response.json({ error }, { status: 403, headers: product }));
    expect(await probed(node)).toBe("Elasticsearch answered 403 security_exception: no");
  });
});

describe("a configured proxy", () => {
  const through = (url: string): NodeProxy => ({ url, from: "http_proxy", login: null });

  test("passes everything on, and sees only its own login", async () => {
    const seen: string[] = [];
    const proxy = serve(({ url, headers }) => {
      seen.push(`${new URL(url).origin} ${headers.get("proxy-authorization")}`);
      return Response.json({ nodes: { a: { version: "9.2.0" } } }, { headers: product });
    });
    const login = { username: "u", password: new Secret("p@ss") };
    await connect("http://es.invalid:9200", { ...through(proxy), login }).probe(signal);
    expect(new Set(seen)).toEqual(new Set([`http://es.invalid:9200 Basic ${btoa("u:p@ss")}`]));
  });

  test("is named if it refuses, is down, or answers itself", async () => {
    const node = "http://es.invalid:9200";
    const named = (url: string) => `the proxy ${url} (http_proxy)`;
    const refusing = serve(() => new Response("", { status: 403 }));
    expect(await probed(node, through(refusing))).toEndWith(`so it may come from ${named(refusing)}`);
    const away = "http://127.0.0.1:1";
    expect(await probed(node, through(away))).toBe(
      `Elasticsearch at ${node} cannot be reached through ${named(away)}: nothing listens there (ECONNREFUSED)`,
    );
    const page = serve(() => new Response("<html>"));
    expect(await probed(node, through(page))).toContain(
      `but the answer through ${named(page)} comes from another product`,
    );
  });
});
