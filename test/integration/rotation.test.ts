import { expect, test } from "bun:test";
import { Etcd3 } from "etcd3";
import type { TopicStatus } from "../../lib/rules/progress/status.ts";
import { createAuthority } from "../support/certificates.ts";
import { createEtcdServer } from "../support/etcd-server.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import {
  disturbedIn,
  expectEachOffsetOnce,
  expectSameMembers,
  memberIds,
  untilReady,
} from "../support/reload.ts";
import { createSecretMount } from "../support/secret-mount.ts";
import { useStack } from "../support/stack-clients.ts";
import { produceSteadily } from "../support/steady-producer.ts";

const servers = useStack();

/** In front of the real Elasticsearch: admits requests with this key, and counts those with another. */
function guardElasticsearch(node: string, firstKey: string) {
  const gate = { key: firstKey, refused: 0, bulks: 0 };
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const { method, headers } = request;
      if (headers.get("authorization") !== `ApiKey ${gate.key}`) {
        gate.refused += 1;
        return Response.json(
          { error: { type: "security_exception", reason: "no such key" } },
          { status: 401 },
        );
      }
      if (pathname === "/_bulk") gate.bulks += 1;
      const passed = new Headers(headers);
      passed.delete("authorization");
      const body = method === "GET" || method === "HEAD" ? null : await request.arrayBuffer();
      return fetch(new URL(pathname + search, node), { method, headers: passed, body });
    },
  });
  return Object.assign(gate, {
    node: `http://127.0.0.1:${server.port}`,
    [Symbol.dispose]: () => void server.stop(true),
  });
}

test("the token, Elasticsearch's key and etcd's password are replaced under load: nothing lost, doubled or restarted", async () => {
  const [first, second, third] = [uniqueName("one"), uniqueName("two"), uniqueName("three")];
  for (const topic of [first, second, third]) await servers.kafka.createTopic(topic, 2);
  const [node = ""] = servers.config.elasticsearch.nodes;
  using gate = guardElasticsearch(node, "old-api-key");
  await using etcdServer = await createEtcdServer();
  await etcdServer.start();
  const open = new Etcd3({ hosts: etcdServer.endpoint });
  await open.put("logs/a").value(JSON.stringify([{ topic: second }]));
  for (const name of ["root", "reader"]) await open.auth.userAdd({ name, password: `old-${name}` });
  await open.role("root").create();
  await open.user("root").addRole("root");
  await open.role("readers").create();
  await open.role("readers").grant({ permission: "Read", range: open.range({ prefix: "logs/" }) });
  await open.user("reader").addRole("readers");
  await open.auth.authEnable();
  open.close();
  const root = new Etcd3({ hosts: etcdServer.endpoint, auth: { username: "root", password: "old-root" } });
  await using _closing = { [Symbol.asyncDispose]: async () => root.close() };

  await using authority = await createAuthority();
  const [oldPair, newPair] = await Promise.all([authority.issue("old"), authority.issue("new")]);
  await using mount = await createSecretMount({
    "client.crt": oldPair.cert,
    "client.key": oldPair.key,
    token: "old-token-and-long\n",
    "es-key": "old-api-key\n",
    "etcd-password": "old-reader\n",
  });
  const fileOf = (name: string): string => `\${file:${mount.path(name)}}`;
  await using host = await startTestHost({
    ...servers.config,
    http: { port: 0, token: fileOf("token") },
    elasticsearch: {
      nodes: [gate.node],
      auth: { apiKey: fileOf("es-key") },
      tls: { cert: mount.path("client.crt"), key: mount.path("client.key") },
    },
    etcd: {
      endpoints: [etcdServer.endpoint],
      keys: ["logs/"],
      auth: { username: "reader", password: fileOf("etcd-password") },
    },
    topics: [first],
  });
  const statusWith = async (token: string): Promise<number> =>
    (await host.fetch("/topics", { headers: { authorization: `Bearer ${token}` } })).status;
  const untilRunningWith = (token: string, topic: string) =>
    eventually(`${topic} runs`, async () => {
      const answer = await host.fetch("/topics", { headers: { authorization: `Bearer ${token}` } });
      const topics = (await answer.json()) as TopicStatus[];
      return topics.some((status) => status.topic === topic && status.state === "running");
    });
  for (const topic of [first, second]) await untilRunningWith("old-token-and-long", topic);
  const producers = [first, second].map((topic) => produceSteadily(servers.kafka, topic));
  const membersBefore = await memberIds(servers);

  // A half-written token: the old one stays, and the log says why.
  await mount.rotate({ token: "" });
  expect(await untilReady(host, false, "config", "old-token-and-long")).toContain(
    `http.token: (hidden) needs the file ${mount.path("token")}, which is empty`,
  );
  expect(await statusWith("old-token-and-long")).toBe(200);
  await mount.rotate({ token: "new-token-and-long\n" });
  // Not with the new token: it applies once the file stops changing, and ten wrong tokens would be too many.
  await eventually("the old token is refused", async () => (await statusWith("old-token-and-long")) === 401);
  expect(await statusWith("new-token-and-long")).toBe(200);
  await untilReady(host, true, "config");

  // A certificate before its key: meanwhile the old pair stays.
  await mount.rotate({ "client.crt": newPair.cert });
  expect(await untilReady(host, false, "config", "new-token-and-long")).toContain(
    "elasticsearch.tls.key: (hidden) names a private key that does not match the certificate in cert",
  );
  await mount.rotate({ "client.key": newPair.key });
  await untilReady(host, true, "config");

  // The server first, as when a key is revoked: requests in progress are refused, and wait.
  gate.key = "new-api-key";
  await eventually("the old key was refused", () => gate.refused > 0);
  const bulksBefore = gate.bulks;
  await mount.rotate({ "es-key": "new-api-key\n" });
  await eventually("bulks are let in again", () => gate.bulks > bulksBefore);
  await untilReady(host, true, "elasticsearch");
  const refusedBefore = gate.refused;

  await root.auth.userChangePassword({ name: "reader", password: "new-reader" });
  await mount.rotate({ "etcd-password": "new-reader\n" });
  await root.put("logs/b").value(JSON.stringify([{ topic: third }]));
  await untilRunningWith("new-token-and-long", third);
  producers.push(produceSteadily(servers.kafka, third));
  await untilReady(host, true, "etcd");

  const sentBefore = producers.map(({ sent }) => sent);
  await eventually("every producer went on", () =>
    producers.every(({ sent }, position) => sent >= (sentBefore[position] ?? 0) + 200),
  );
  await Promise.all(producers.map((producer) => producer.stop()));
  for (const topic of [first, second, third]) await expectEachOffsetOnce(servers, [topic], topic);
  await expectSameMembers(servers, membersBefore, host);
  expect(disturbedIn(host)).toEqual([]);
  // After the last swap, no request uses the old key any more.
  expect(gate.refused).toBe(refusedBefore);
  expect(JSON.stringify(host.log())).not.toMatch(/(?:old|new)-(?:token|api-key|reader)/);
}, 360_000);
