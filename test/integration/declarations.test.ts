import { describe, expect, test } from "bun:test";
import { Etcd3 } from "etcd3";
import type { DeclarationsListing, ListedEtcd } from "../../functions/list-declarations.ts";
import { createEtcdServer } from "../support/etcd-server.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { changesIn, reconcile, untilGone, untilRunning, type ReconcileAnswer } from "../support/reload.ts";
import { useStack } from "../support/stack-clients.ts";

const servers = useStack();

interface Preview extends ReconcileAnswer {
  readonly revision: number;
  readonly before: string | null;
  readonly after: string;
}

/** New topics in Kafka, one partition each. */
async function topicsInKafka(count: number): Promise<string[]> {
  const topics = Array.from({ length: count }, () => uniqueName("steer"));
  for (const topic of topics) await servers.kafka.createTopic(topic, 1);
  return topics;
}

/** A host that reads the key, and additional lines of config. */
function startHost(key: string, changes: object = {}): Promise<TestHost> {
  const etcd = { endpoints: servers.addresses.etcdEndpoints, keys: [key] };
  return startTestHost({ ...servers.config, etcd, ...changes });
}

async function post(
  host: TestHost,
  path: string,
  body: object,
): Promise<{ status: number; answer: Record<string, unknown> }> {
  const headers = { "content-type": "application/json" };
  const response = await host.fetch(path, { method: "POST", body: JSON.stringify(body), headers });
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
}

/** The host's view of etcd. */
async function listed(host: TestHost): Promise<ListedEtcd> {
  const { etcd } = (await (await host.fetch("/declarations")).json()) as DeclarationsListing;
  if (etcd === null) throw new Error("etcd is not configured");
  return etcd;
}

const namesOf = (entries: readonly { readonly topic: string }[]) => entries.map(({ topic }) => topic);

/** Previews an edit, then makes it. The host must do exactly what the preview said. */
async function edit(host: TestHost, body: object): Promise<{ preview: Preview; action: string }> {
  const shown = await post(host, "/declarations?dryRun=true", body);
  expect(shown.status).toBe(200);
  const preview = shown.answer as unknown as Preview;
  const made = changesIn(host).length;
  const { status, answer } = await post(host, "/declarations", body);
  expect(status).toBe(200);
  expect(answer.revision).toBeGreaterThan(preview.revision);
  const shownPlan = [preview.plan.start, preview.plan.stop, preview.plan.replace].map(namesOf);
  // Removed topics stop later than new ones start.
  const done = await eventually("the host did as much as was shown", () => {
    const changes = changesIn(host).slice(made);
    const all = (["start", "stop", "replace"] as const).map((kind) => changes.flatMap((one) => one[kind]));
    return all.flat().length < shownPlan.flat().length ? null : all;
  });
  expect(done).toEqual(shownPlan);
  return { preview, action: String(answer.action) };
}

test("topics are added, replaced and removed over HTTP, as previewed, and unparsable entries stay byte for byte", async () => {
  const [first = "", second = ""] = await topicsInKafka(2);
  const key = uniqueName("key");
  const strange = '{"topik": 1,  "n": 12345678901234567890}, 7.0';
  await servers.etcd.put(key).value(`[ ${strange} ]`);
  await using host = await startHost(key);

  const added = await edit(host, { action: "add", declaration: { topic: first, path: null } });
  expect(added).toMatchObject({ action: "added", preview: { before: `[ ${strange} ]` } });
  await untilRunning(host, first);
  let [state] = (await listed(host)).keys;
  expect(state).toMatchObject({
    key,
    exact: true,
    text: `[ ${strange}, {"topic":"${first}"} ]`,
    entries: [{ state: "refused" }, { state: "refused" }, { name: first, state: "in force", topics: 1 }],
  });

  const declaration = { topic: first, format: "json" };
  const replacement = { action: "replace", key, target: { topic: first }, declaration };
  const replaced = await edit(host, { ...replacement, revision: state?.revision });
  expect(replaced.preview.plan.replace).toMatchObject([
    { topic: first, changes: [{ field: "format", from: "text", to: "json" }] },
  ]);

  [state] = (await listed(host)).keys;
  const renaming = { ...replacement, revision: state?.revision, declaration: { topic: second } };
  const renamed = await edit(host, renaming);
  expect(renamed.preview.plan).toMatchObject({
    start: [{ topic: second }],
    stop: [{ topic: first, source: { name: key }, spec: { format: "json" } }],
  });
  await Promise.all([untilGone(host, first), untilRunning(host, second)]);

  [state] = (await listed(host)).keys;
  await edit(host, { action: "remove", key, revision: state?.revision, target: { topic: second } });
  await untilGone(host, second);
  expect(await servers.etcd.get(key).string()).toBe(`[ ${strange} ]`);
}, 240_000);

test("an edit based on an old revision is refused with the current value, and nothing is written", async () => {
  const key = uniqueName("key");
  await using host = await startHost(key);
  const body = { action: "add", key, revision: 0, declaration: { topic: "none-such" } };
  const absent = await post(host, "/declarations?dryRun=true", body);
  expect(absent.answer).toMatchObject({
    revision: 0,
    before: null,
    plan: { pending: [{ topic: "none-such" }] },
  });
  expect(await servers.etcd.get(key).string()).toBeNull();

  const { header } = await servers.etcd.put(key).value('["theirs"]');
  for (const path of ["/declarations?dryRun=true", "/declarations"]) {
    expect(await post(host, path, body)).toMatchObject({
      status: 409,
      answer: { status: 409, key, revision: Number(header.revision), text: '["theirs"]' },
    });
  }
  expect(await servers.etcd.get(key).string()).toBe('["theirs"]');

  // If two edits start from the same revision, one wins.
  const revision = Number(header.revision);
  const both = await Promise.all(
    ["a", "b"].map((topic) => post(host, "/declarations", { ...body, revision, declaration: { topic } })),
  );
  expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
}, 240_000);

describe("a plan", () => {
  test("that was previewed is carried out; one that changed since is refused without effect", async () => {
    const [running = "", wanted = "", more = ""] = await topicsInKafka(3);
    const key = uniqueName("key");
    await using server = await createEtcdServer();
    await server.start();
    const etcd = new Etcd3({ hosts: server.endpoint });
    try {
      // Some history: an etcd that starts over is behind it, and the host does nothing about it by itself.
      for (let times = 0; times < 5; times += 1) await etcd.put(key).value(JSON.stringify([running]));
      const config = { ...servers.config, etcd: { endpoints: [server.endpoint], keys: [key] } };
      await using host = await startTestHost(config);
      await untilRunning(host, running);
      await server.kill();
      await server.wipe();
      await server.start();
      await etcd.put(key).value(JSON.stringify([wanted]));
      const made = changesIn(host).length;

      const { hash, plan } = await reconcile(host, "?accept=etcd&dryRun=true");
      expect(plan).toMatchObject({ start: [{ topic: wanted }], stop: [{ topic: running, spec: {} }] });
      await etcd.put(key).value(JSON.stringify([wanted, more]));
      const stale = await host.fetch(`/reconcile?accept=etcd&plan=${hash}`, { method: "POST" });
      expect(stale.status).toBe(409);
      const problem = (await stale.json()) as { detail: string; hash: string };
      expect(problem.detail).toBe("The plan changed. Review again.");
      expect(changesIn(host)).toHaveLength(made);
      expect((await host.topics()).map(({ topic }) => topic)).toEqual([running]);

      const dry = await reconcile(host, "?accept=etcd&dryRun=true");
      expect(dry.hash).toBe(problem.hash);
      const done = await reconcile(host, `?accept=etcd&plan=${dry.hash}`);
      expect(done.hash).toBe(dry.hash);
      await Promise.all([untilRunning(host, wanted, more), untilGone(host, running)]);
    } finally {
      etcd.close();
    }
  }, 240_000);
});

test("an etcd that refuses a write is quoted, and an unreachable one leaves the listing with its last state", async () => {
  const key = uniqueName("key");
  await using server = await createEtcdServer();
  await server.start();
  const root = new Etcd3({ hosts: server.endpoint });
  try {
    await root.put(key).value('["none-such"]');
    const reader = await root.role("reader").create();
    await reader.grant({ permission: "Read", range: root.range({ prefix: "" }) });
    await root.user("reader").create("secret-of-reader");
    await root.user("reader").addRole("reader");
    await root.user("root").create("secret-of-root");
    await root.user("root").addRole("root");
    await root.auth.authEnable();

    const auth = { username: "reader", password: "secret-of-reader" };
    const etcd = { endpoints: [server.endpoint], keys: [key], auth };
    await using host = await startTestHost({ ...servers.config, topics: ["in-file"], etcd });
    const { keys } = await listed(host);
    const { revision } = keys[0] ?? {};
    const removal = { action: "remove", key, revision, target: { topic: "none-such" } };
    expect(await post(host, "/declarations?dryRun=true", removal)).toMatchObject({ status: 200 });
    expect(await post(host, "/declarations", removal)).toMatchObject({
      status: 403,
      answer: { detail: expect.stringContaining("permission denied") as never },
    });

    await server.kill();
    expect(await post(host, "/declarations", removal)).toMatchObject({ status: 503 });
    const gone = await host.fetch("/declarations");
    const text = await gone.text();
    expect(gone.status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({
      config: { ok: true, entries: [{ target: { topic: "in-file" } }] },
      etcd: {
        ok: false,
        error: expect.stringContaining("not available") as never,
        keys: [{ key, revision, text: null, entries: [{ name: "none-such", lastGoodKept: true }] }],
      },
    });
    expect(text).not.toContain("secret-of");
  } finally {
    root.close();
  }
}, 240_000);

test("without etcd the file is listed, and there is no place to write to", async () => {
  await using host = await startTestHost({ ...servers.config, topics: ["in-file"] });
  expect(await (await host.fetch("/declarations")).json()).toMatchObject({
    config: { path: host.configPath, entries: [{ entry: 0, target: { topic: "in-file" } }] },
    etcd: null,
  });
  const body = { action: "add", declaration: { topic: "a" } };
  expect(await post(host, "/declarations", body)).toMatchObject({
    status: 404,
    answer: { detail: "The config file has no etcd section, and declarations are written to etcd." },
  });
}, 240_000);
