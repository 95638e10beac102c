import { expect, test } from "bun:test";
import { diagnosed } from "../support/doctor-command.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost } from "../support/host.ts";
import { reconcile } from "../support/reload.ts";
import { uniqueName } from "../support/kafka.ts";
import { connectStack } from "../support/stack-clients.ts";

test("the environment's proxy is used and named, the config's takes precedence, and none means none", async () => {
  await using servers = await connectStack();
  const topic = uniqueName("proxied");
  await servers.kafka.createTopic(topic);
  const seen: string[] = [];
  await using proxy = startForwardProxy(seen);
  const config = { ...servers.config, topics: [topic] };
  const [node = ""] = config.elasticsearch.nodes;
  const dead = "http://127.0.0.1:1";
  const environment = { http_proxy: proxy.url, HTTP_PROXY: dead, no_proxy: "localhost", NO_PROXY: "*" };

  await using host = await startTestHost(config, { environment });
  await servers.kafka.produce(topic, [{ value: "m" }]);
  await host.untilIndexed(topic, 1);
  expect(host.log().find(({ msg }) => msg === "penstock answers")).toMatchObject({
    elasticsearch: `through the proxy ${proxy.url} (http_proxy)`,
  });
  expect(new Set(seen)).toEqual(new Set([node]));

  // Tried, and refused because of the proxy: the current settings stay.
  await host.writeConfig({ ...config, elasticsearch: { ...config.elasticsearch, proxy: dead } });
  const error = await eventually(
    "the proxy is refused",
    async () => (await reconcile(host)).sources.config.error,
  );
  expect(error).toContain(`cannot be reached through the proxy ${dead} (elasticsearch.proxy)`);

  seen.length = 0;
  const doctor = await diagnosed({ ...config, elasticsearch: { ...config.elasticsearch, proxy: "none" } });
  expect(doctor.find(`node ${node}`)).toMatchObject({ state: "ok", seen: "answers as Elasticsearch 8 or 9" });
}, 240_000);

/** Forwards requests for absolute URLs, and records their targets. */
function startForwardProxy(seen: string[]): AsyncDisposable & { readonly url: string } {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      seen.push(new URL(request.url).origin);
      const { method, headers } = request;
      const body = method === "GET" ? null : await request.arrayBuffer();
      const answer = await fetch(request.url, { method, headers, body });
      return new Response(await answer.arrayBuffer(), { status: answer.status, headers: answer.headers });
    },
  });
  return { url: `http://127.0.0.1:${server.port}`, [Symbol.asyncDispose]: () => server.stop(true) };
}
