import { expect, test } from "bun:test";
import { createClients, type Clients } from "../../../../infra/host/reconcile/clients.ts";
import type { Settings } from "../../../../lib/rules/model/settings.ts";
import { createKafkaLinks } from "../../../../lib/adapters/kafka/client/links.ts";
import { createKafkaWire } from "../../../../lib/adapters/kafka/wire/kafkajs-wire.ts";
import { createWireLender } from "../../../../lib/adapters/kafka/wire/wire-lender.ts";
import { systemTime } from "../../../../lib/adapters/system/system-time.ts";
import { useReleases } from "../../../support/releases.ts";
import { createMemoryLogger } from "../../../support/memory-logger.ts";
import { rejection } from "../../../support/rejection.ts";
import { kafkaSettings, settings } from "../../../support/settings.ts";

const { signal } = new AbortController();
const releases = useReleases();

/** An Elasticsearch that takes every bulk and keeps one index template, or answers for it with an error's status. */
function serve(templateStatus = 200) {
  const seen: string[] = [];
  const templates: unknown[] = [];
  const headers = { "x-elastic-product": "Elasticsearch" };
  const json = (body: object, status = 200) => Response.json(body, { status, headers });
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { method } = request;
      const { pathname } = new URL(request.url);
      seen.push(`${method} ${pathname}`);
      if (pathname === "/_nodes") return json({ nodes: { a: { version: "9.0.0" } } });
      if (pathname === "/_bulk")
        return json({ errors: false, items: [{ create: { status: 201, result: "created" } }] });
      if (templateStatus !== 200)
        return json({ error: { type: "security_exception", reason: "no" } }, templateStatus);
      // Whoever writes the template tells the others so meanwhile, at another path.
      if (!pathname.startsWith("/_index_template/")) return json({ acknowledged: true });
      if (method === "PUT") {
        templates.splice(0, 1, await request.json());
        return json({ acknowledged: true });
      }
      if (templates.length === 0) return json({}, 404);
      return json({ index_templates: templates.map((template) => ({ index_template: template })) });
    },
  });
  releases.push(() => server.stop(true));
  return { url: `http://127.0.0.1:${server.port}`, seen, templates };
}

const at = (node: string): Settings =>
  settings({
    elasticsearch: { ...settings().elasticsearch, nodes: [node] },
    kafka: kafkaSettings({ brokers: ["127.0.0.1:1"] }),
  });

function connect(node: string): Clients {
  const logger = createMemoryLogger();
  const wires = createWireLender((kafka) => createKafkaWire(kafka, logger));
  const clients = createClients(at(node), logger, createKafkaLinks(), wires, systemTime);
  releases.push(() => clients.close());
  return clients;
}

const write = (clients: Clients) =>
  clients.elasticsearch.bulk('{"create":{"_index":"a","_id":"1"}}\n{}\n', {
    pipeline: null,
    operations: 1,
    signal,
  });
const bulksOf = ({ seen }: { seen: string[] }): number =>
  seen.filter((line) => line === "POST /_bulk").length;

test("other Elasticsearch settings swap the client whole, once the new one has the template", async () => {
  const [first, second] = [serve(), serve()];
  const clients = connect(first.url);
  await write(clients);
  await clients.use(at(second.url), ["app"]);
  expect(second.templates).toMatchObject([{ index_patterns: ["app"] }]);
  await write(clients);
  expect([bulksOf(first), bulksOf(second)]).toEqual([1, 1]);
});

test("the same settings change nothing", async () => {
  const server = serve();
  const clients = connect(server.url);
  const { elasticsearch, deadLetters } = clients;
  await clients.use(at(server.url), ["app"]);
  expect(clients.elasticsearch).toBe(elasticsearch);
  expect(clients.deadLetters).toBe(deadLetters);
  expect(server.seen).toEqual([]);
});

test("an Elasticsearch that refuses the template is not taken over", async () => {
  const [first, forbidding] = [serve(), serve(403)];
  const clients = connect(first.url);
  const { elasticsearch } = clients;
  expect(await rejection(clients.use(at(forbidding.url), ["app"]))).toMatchObject({
    code: "elasticsearch_refused",
  });
  expect(clients.elasticsearch).toBe(elasticsearch);
  await write(clients);
  expect([bulksOf(first), bulksOf(forbidding)]).toEqual([1, 0]);
});

test("a new dead-letter topic or new brokers need a new dead-letter writer", async () => {
  const node = serve().url;
  const clients = connect(node);
  const writers = [clients.deadLetters];
  await clients.use({ ...at(node), deadLetters: { topic: "other" } }, []);
  writers.push(clients.deadLetters);
  await clients.use({ ...at(node), kafka: kafkaSettings({ brokers: ["127.0.0.1:2"] }) }, []);
  writers.push(clients.deadLetters);
  expect(new Set(writers).size).toBe(3);
});

test("a probe asks by the settings it is given and leaves the client in use alone", async () => {
  const [first, second] = [serve(), serve()];
  const clients = connect(first.url);
  const { elasticsearch } = clients;
  await clients.probeElasticsearch(at(second.url).elasticsearch, signal);
  expect(first.seen).toEqual([]);
  expect(second.seen.length).toBeGreaterThan(0);
  expect(clients.elasticsearch).toBe(elasticsearch);
});
