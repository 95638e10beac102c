import { afterAll, beforeAll, expect, test } from "bun:test";
import { createAuthority, type TestAuthority, type TestCertificate } from "../support/certificates.ts";
import { diagnosed } from "../support/doctor-command.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { secureElasticsearch, type SecuredElasticsearch } from "../support/secured-elasticsearch.ts";
import { useStack } from "../support/stack-clients.ts";

const apiKey = "c2VjcmV0LWlkOnNlY3JldC1rZXk=";
const password = "hunter2-secret";

const servers = useStack();
let authority: TestAuthority;
let certificates: Record<"good" | "expired" | "elsewhere" | "client", TestCertificate>;

beforeAll(async () => {
  authority = await createAuthority();
  certificates = {
    good: await authority.issue("good", { hosts: ["127.0.0.1"] }),
    expired: await authority.issue("expired", { hosts: ["127.0.0.1"], expired: true }),
    elsewhere: await authority.issue("elsewhere", { hosts: ["es.example"] }),
    client: await authority.issue("client"),
  };
});
afterAll(async () => {
  await authority?.[Symbol.asyncDispose]();
});

function configFor(nodes: readonly string[], topic: string, change: object = {}) {
  const { elasticsearch: _, ...rest } = servers.config;
  const elasticsearch = { nodes, auth: { apiKey }, tls: { ca: authority.caFile }, ...change };
  return { ...rest, http: { port: 0 }, elasticsearch, topics: [topic] };
}

async function newTopic(): Promise<string> {
  const topic = uniqueName("secured");
  await servers.kafka.createTopic(topic, 1);
  return topic;
}

async function reasonOf(host: TestHost): Promise<string | null> {
  const { checks } = (await (await host.fetch("/readyz")).json()) as {
    checks: { elasticsearch: { reason: string | null } };
  };
  return checks.elasticsearch.reason;
}

const untilCounted = (topic: string, count: number) =>
  eventually(`${count} documents`, async () => (await servers.elasticsearch.count(topic)) === count);

test("a host survives refused keys and certificates, says why, and loses nothing", async () => {
  const topic = await newTopic();
  await using proxy = secureElasticsearch(servers.config.elasticsearch.nodes[0] ?? "", certificates.good, {
    accepted: `ApiKey ${apiKey}`,
  });
  await using host = await startTestHost(configFor([proxy.url], topic));
  await servers.kafka.produce(topic, [{ value: "line 0" }]);
  await untilCounted(topic, 1);

  const cannot = `Elasticsearch at ${proxy.url} cannot be reached: `;
  const faults: [spoil: (proxy: SecuredElasticsearch) => void, reason: string][] = [
    [
      (one) => (one.accepted = "ApiKey another"),
      "Elasticsearch answered 401 security_exception: unable to authenticate",
    ],
    [(one) => one.show(certificates.expired), `${cannot}its certificate has expired`],
    [(one) => one.show(certificates.elsewhere), `${cannot}its certificate does not name the host 127.0.0.1`],
  ];
  let sent = 1;
  for (const [spoil, reason] of faults) {
    spoil(proxy);
    await servers.kafka.produce(topic, [{ value: `line ${sent}` }]);
    sent += 1;
    await eventually(reason, async () => (await reasonOf(host))?.startsWith(reason));
    // The topic says the same, before it has been blocked long enough to be called stalled.
    await host.untilTopic(topic, reason, (status) => JSON.stringify(status).includes(reason));
    proxy.accepted = `ApiKey ${apiKey}`;
    proxy.show(certificates.good);
    await untilCounted(topic, sent);
    await host.untilReady();
  }

  // A key that may read but not write: the probe succeeds, the topic fails.
  proxy.powerless = true;
  await servers.kafka.produce(topic, [{ value: `line ${sent}` }]);
  const forbidden = "Elasticsearch answered 403 security_exception";
  await host.untilTopic(topic, forbidden, (status) => JSON.stringify(status).includes(forbidden));
  proxy.powerless = false;
  await untilCounted(topic, sent + 1);

  const shown = JSON.stringify([host.log(), await host.topics(), await (await host.fetch("/readyz")).text()]);
  expect(shown).not.toContain(apiKey);
  const complaints = host
    .log()
    .filter(({ level }) => Number(level) >= 40 || level === "warn" || level === "error");
  expect(complaints.length).toBeLessThan(30);
}, 360_000);

test("mutual TLS with a login, and a second node that is down", async () => {
  const topic = await newTopic();
  await using proxy = secureElasticsearch(servers.config.elasticsearch.nodes[0] ?? "", certificates.good, {
    accepted: `Basic ${btoa(`elastic:${password}`)}`,
    clientCa: authority,
  });
  const change = {
    auth: { username: "elastic", password },
    tls: { ca: authority.caFile, cert: certificates.client.certFile, key: certificates.client.keyFile },
  };
  const nobody = "https://127.0.0.1:1";
  const config = configFor([nobody, proxy.url], topic, change);
  await servers.kafka.produce(
    topic,
    Array.from({ length: 500 }, (_, n) => ({ value: `line ${n}` })),
  );
  await using host = await startTestHost(config);
  await untilCounted(topic, 500);
  await host.untilReady();

  const { find, out } = await diagnosed(config);
  expect(find(`node ${nobody}`)).toMatchObject({
    state: "warning",
    seen: `Elasticsearch at ${nobody} cannot be reached: nothing listens there (ECONNREFUSED); others answer`,
    remedy: "start it, or correct its address and port",
  });
  expect(find(`node ${proxy.url}`)).toMatchObject({ state: "ok" });
  const { find: findOther } = await diagnosed(
    configFor([proxy.url], topic, { ...change, auth: { username: "elastic", password: "wrong-secret" } }),
  );
  expect(findOther("node")).toMatchObject({
    state: "failed",
    remedy: expect.stringContaining("elasticsearch.auth"),
  });
  expect(out + JSON.stringify(host.log())).not.toContain(password);
}, 240_000);
