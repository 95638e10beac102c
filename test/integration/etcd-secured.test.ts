import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFile } from "node:fs/promises";
import { Etcd3 } from "etcd3";
import { createDeclarationsStore } from "../../lib/adapters/etcd/declarations-store.ts";
import { createEtcdSource } from "../../lib/adapters/etcd/source.ts";
import { Secret } from "../../lib/rules/secrets/secret.ts";
import type { EtcdSettings } from "../../lib/rules/model/settings.ts";
import { createAuthority, type TestAuthority, type TestCertificate } from "../support/certificates.ts";
import { runCommand } from "../support/command.ts";
import { diagnosed } from "../support/doctor-command.ts";
import { createEtcdServer, type EtcdServer } from "../support/etcd-server.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { useStack } from "../support/stack-clients.ts";

const NEVER = new AbortController().signal;
const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

let authority: TestAuthority;
let stranger: TestAuthority;
let served: TestCertificate;
let client: TestCertificate;
let foreign: TestCertificate;
/** Requires a client certificate. */
let server: EtcdServer;

beforeAll(async () => {
  [authority, stranger] = await Promise.all([createAuthority(), createAuthority("Stranger")]);
  served = await authority.issue("served", { hosts: ["127.0.0.1", "localhost"] });
  client = await authority.issue("client");
  foreign = await stranger.issue("foreign");
  for (const [name, options] of [
    ["good", { hosts: ["127.0.0.1", "localhost"] }],
    ["expired", { hosts: ["127.0.0.1"], expired: true }],
    ["elsewhere", { hosts: ["etcd.example", "10.0.0.1"] }],
  ] as const)
    await authority.issue(name, options);
  server = await createEtcdServer({ certificate: served, clientCaFile: authority.caFile });
  await server.start();
}, 240_000);
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await Promise.all([authority, stranger].map((one) => one[Symbol.asyncDispose]()));
});

/** The certificate etcd presents to new connections. */
async function show(name: "good" | "expired" | "elsewhere"): Promise<void> {
  await copyFile(`${authority.folder}/${name}.crt`, served.certFile);
  await copyFile(`${authority.folder}/${name}.key`, served.keyFile);
}

const ours = () => ({ ca: authority.ca, cert: client.cert, key: new Secret(client.key) });
function settingsFor(change: Partial<EtcdSettings> = {}): EtcdSettings {
  return { endpoints: [server.endpoint], keys: ["k"], auth: null, tls: ours(), ...change };
}

/** How reading ends: null, or the message. Bun's own `rejects` blocks the event loop that gRPC needs. */
async function reading(settings: EtcdSettings): Promise<string | null> {
  const store = createDeclarationsStore(settings);
  try {
    await store.list(NEVER);
    return null;
  } catch (error) {
    return (error as Error).message;
  } finally {
    store.close();
  }
}

describe("TLS", () => {
  const cannot = (endpoint = server.endpoint) => `etcd at ${endpoint} is not available: `;
  const byName = () => server.endpoint.replace("127.0.0.1", "localhost");

  test("with both certificates it reads and watches, by address and by name", async () => {
    await show("good");
    for (const endpoint of [server.endpoint, byName()]) {
      expect(await reading(settingsFor({ endpoints: [endpoint] }))).toBeNull();
      const { promise, resolve } = Promise.withResolvers<string>();
      const settings = settingsFor({ endpoints: [endpoint] });
      const source = createEtcdSource({ settings, onChange: resolve, logger: SILENT });
      expect(await promise).toBe("etcd reconnected");
      await source.stop();
    }
  });

  test.each([
    ["expired", "its certificate has expired"],
    ["elsewhere", "its certificate does not name the host 127.0.0.1"],
  ] as const)("a server's certificate that is %s", async (name, reason) => {
    await show(name);
    expect(await reading(settingsFor())).toBe(cannot() + reason);
    await show("good");
    expect(await reading(settingsFor())).toBeNull();
  });

  test("another host's certificate is refused even when connecting by name", async () => {
    await show("elsewhere");
    const endpoints = [byName()];
    expect(await reading(settingsFor({ endpoints }))).toContain("does not name the host localhost");
    await show("good");
  });

  test("an untrusted authority", async () => {
    expect(await reading(settingsFor({ tls: { ...ours(), ca: stranger.ca } }))).toBe(
      `${cannot()}its certificate is signed by an authority that is not in etcd.tls.ca`,
    );
    expect(await reading(settingsFor({ tls: null }))).toBe(
      `${cannot()}its certificate is signed by an authority that this system does not trust, and etcd.tls.ca is not set`,
    );
  });

  test("a client certificate that is missing or from another authority", async () => {
    expect(await reading(settingsFor({ tls: { ca: authority.ca, cert: null, key: null } }))).toBe(
      `${cannot()}it requires a client certificate, but etcd.tls.cert and etcd.tls.key are not set`,
    );
    const tls = { ca: authority.ca, cert: foreign.cert, key: new Secret(foreign.key) };
    expect(await reading(settingsFor({ tls }))).toBe(
      `${cannot()}it refuses our client certificate, etcd.tls.cert`,
    );
  });

  test("http to a TLS port; https to a plain port; an unreachable endpoint beside one with an expired certificate", async () => {
    const plain = server.endpoint.replace("https", "http");
    expect(await reading(settingsFor({ endpoints: [plain], tls: null }))).toBe(
      `${cannot(plain)}it closed the connection: it may require https`,
    );
    await using open = await createEtcdServer();
    await open.start();
    const tls = open.endpoint.replace("http", "https");
    // Its plain-text answer is lost if it closes the connection before we read it.
    expect(await reading(settingsFor({ endpoints: [tls] }))).toMatch(
      /(it does not|or not) speak TLS on this port$/,
    );
    await show("expired");
    const nobody = "https://127.0.0.1:1";
    const both = (await reading(settingsFor({ endpoints: [server.endpoint, nobody] }))) ?? "";
    expect(both).toContain(`${server.endpoint}: its certificate has expired`);
    expect(both).toContain(`${nobody}: nothing listens there`);
    await show("good");
    expect(await reading(settingsFor({ endpoints: [server.endpoint, nobody] }))).toBeNull();
  });

  test("an invalid certificate is distinguished from an unreachable etcd", () => {
    const tls = { ca: "no PEM text", cert: null, key: null };
    expect(() => createDeclarationsStore(settingsFor({ tls }))).toThrow("etcd.tls: TLS cannot be set up");
  });
});

test("an expired login is renewed", async () => {
  await using short = await createEtcdServer({ args: ["--auth-token-ttl", "2"] });
  await short.start();
  await lockUp(short, []);
  const store = createDeclarationsStore({
    ...settingsFor({ endpoints: [short.endpoint], tls: null }),
    auth: { username: "root", password: new Secret("root-password") },
  });
  await store.list(NEVER);
  await Bun.sleep(4_000);
  expect((await store.list(NEVER)).keys).toEqual([]);
  store.close();
}, 240_000);

/** Enables logins, with a user `reader` that may read these prefixes. */
async function lockUp(etcd: EtcdServer, prefixes: readonly string[]): Promise<void> {
  const setup = new Etcd3({ hosts: etcd.endpoint });
  await setup.auth.userAdd({ name: "root", password: "root-password" });
  await setup.role("root").create();
  await setup.user("root").addRole("root");
  await setup.auth.userAdd({ name: "reader", password: "reader-password" });
  await setup.role("readers").create();
  for (const prefix of prefixes)
    await setup.role("readers").grant({ permission: "Read", range: setup.range({ prefix }) });
  await setup.user("reader").addRole("readers");
  await setup.auth.authEnable();
  setup.close();
}

describe("a host", () => {
  const servers = useStack();

  async function etcdCheck(host: TestHost): Promise<{ ok: boolean; reason: string | null }> {
    const answer = (await (await host.fetch("/readyz")).json()) as {
      checks: { etcd: { ok: boolean; reason: string | null } };
    };
    return answer.checks.etcd;
  }
  const reconcile = (host: TestHost) => host.fetch("/reconcile", { method: "POST" });

  test("whose etcd presents an expired certificate says so once, and continues by itself with a new one", async () => {
    await show("good");
    const tls = { ca: authority.caFile, cert: client.certFile, key: client.keyFile };
    const config = {
      ...servers.config,
      etcd: { endpoints: [server.endpoint], keys: [uniqueName("none")], tls },
    };
    await using host = await startTestHost(config);
    await eventually("etcd is read", async () => (await etcdCheck(host)).ok);
    await show("expired");
    await server.kill();
    await server.start();
    const { reason } = await eventually("not ready", async () => {
      const check = await etcdCheck(host);
      return check.ok || !(check.reason ?? "").includes("expired") ? (await reconcile(host), null) : check;
    });
    expect(reason).toBe(`etcd at ${server.endpoint} is not available: its certificate has expired`);
    const { find } = await diagnosed({ ...config, http: { port: 0 } });
    expect(find("endpoint")).toMatchObject({
      state: "failed",
      seen: reason,
      remedy: expect.stringContaining("renew the server's certificate"),
    });
    await show("good");
    await eventually("ready again", async () => (await etcdCheck(host)).ok);
    const said = host.log().filter(({ msg }) => String(msg).startsWith("etcd watches lost"));
    expect(said.length).toBeLessThanOrEqual(2);
  }, 240_000);

  test("whose user may read one of two keys uses that one, and names the missing permission", async () => {
    await using locked = await createEtcdServer();
    await locked.start();
    const [topic, later] = [uniqueName("readable"), uniqueName("granted")];
    await Promise.all([topic, later].map((name) => servers.kafka.createTopic(name)));
    const setup = new Etcd3({ hosts: locked.endpoint });
    await setup.put("logs/a").value(JSON.stringify([topic]));
    await setup.put("closed/a").value(JSON.stringify([later]));
    setup.close();
    await lockUp(locked, ["logs/"]);
    const auth = { username: "reader", password: "reader-password" };
    const config = {
      ...servers.config,
      http: { port: 0 },
      etcd: { endpoints: [locked.endpoint], keys: ["logs/", "closed/"], auth },
    };
    await using host = await startTestHost(config);
    await host.untilTopic(topic, "runs", ({ state }) => state === "running");
    const missing =
      'permission denied: etcd does not let user "reader" read the prefix "closed/": grant read on it to a role of this user';
    const untilEtcdIs = (ok: boolean, reason: string | null) =>
      eventually(`etcd is ${ok ? "read" : "refused"}`, async () => {
        const check = await etcdCheck(host);
        return check.ok === ok && check.reason === reason;
      });
    await untilEtcdIs(false, missing);

    // The watch of the other prefix stays open beside the refused one.
    const root = new Etcd3({ hosts: locked.endpoint, auth: { username: "root", password: "root-password" } });
    const added = uniqueName("watched");
    await servers.kafka.createTopic(added);
    await root.put("logs/b").value(JSON.stringify([added]));
    await host.untilTopic(added, "runs", ({ state }) => state === "running");

    const listed = await runCommand("topics", config, ["list"]);
    expect(listed).toMatchObject({ code: 0 });
    expect(listed.out).toContain(topic);
    expect(listed.error).toContain(missing);
    const refused = await runCommand("topics", config, ["add", "another", "--key", "logs/c"]);
    expect(refused.code).toBe(1);
    expect(refused.error).toContain(
      'etcd does not let user "reader" write the key "logs/c": grant readwrite on it to a role of this user',
    );
    const wrong = { ...config, etcd: { ...config.etcd, auth: { ...auth, password: "no-such-password" } } };
    const { find, out } = await diagnosed(wrong);
    expect(find("key logs/")?.seen).toContain('(user "reader" of etcd.auth)');
    expect(out + refused.error).not.toMatch(/(reader|no-such)-password/);

    await root.role("readers").grant({ permission: "Read", range: root.range({ prefix: "closed/" }) });
    await reconcile(host);
    await host.untilTopic(later, "runs", ({ state }) => state === "running");
    await untilEtcdIs(true, null);
    await root.role("readers").revoke({ permission: "Read", range: root.range({ prefix: "closed/" }) });
    root.close();
    await reconcile(host);
    await untilEtcdIs(false, missing);
    // Its last state is kept: the topic keeps running.
    expect((await host.topics()).map((status) => status.topic).toSorted()).toEqual(
      [topic, later, added].toSorted(),
    );
  }, 240_000);
});
