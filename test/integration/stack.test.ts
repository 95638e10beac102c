import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CLUSTER_MEMBERS, startStack, type StackOptions } from "../../infra/stack/stack.ts";
import { isAlive } from "../../infra/stack/process/signal.ts";
import { connectTestKafka } from "../support/kafka.ts";
import { processesNaming } from "../support/survivors.ts";

const etcdOnly: StackOptions = { kafka: false, elasticsearch: false };
const newFolder = (): string => join(tmpdir(), `penstock-stack-test-${crypto.randomUUID()}`);

/** Polls a condition until it holds; throws after the deadline. */
async function until(condition: () => boolean | Promise<boolean>, withinMs = 60_000): Promise<void> {
  const deadline = AbortSignal.timeout(withinMs);
  while (!(await condition())) {
    deadline.throwIfAborted();
    await Bun.sleep(20);
  }
}

async function answers(url: string | undefined, withinMs = 30_000): Promise<boolean> {
  return fetch(`${url}/health`, { signal: AbortSignal.timeout(withinMs) }).then(
    (response) => response.ok,
    () => false,
  );
}

test("two stacks at once have separate ports and folders, and leave no process and no folder", async () => {
  const folders: string[] = [];
  {
    await using one = await startStack(etcdOnly);
    await using two = await startStack(etcdOnly);
    folders.push(one.folder, two.folder);
    expect(one.folder).not.toBe(two.folder);
    expect(one.etcd.endpoints).not.toEqual(two.etcd.endpoints);
    expect(await answers(one.etcd.endpoints[0])).toBe(true);
    expect(await answers(two.etcd.endpoints[0])).toBe(true);
    expect(await readFile(one.etcd.logFile, "utf8")).toContain("starting an etcd server");
    expect(() => one.kafka).toThrow("without Kafka");
  }
  for (const folder of folders) {
    expect(existsSync(folder)).toBe(false);
    expect(await processesNaming(folder)).toEqual([]);
  }
}, 240_000);

test("a server is killed, started, restarted, frozen and thawed on the same port with its data", async () => {
  await using stack = await startStack(etcdOnly);
  const { etcd } = stack;
  const url = etcd.endpoints[0];
  const put = await fetch(`${url}/v3/kv/put`, {
    method: "POST",
    body: JSON.stringify({ key: btoa("k"), value: btoa("v") }),
  });
  expect(put.ok).toBe(true);

  const firstPid = etcd.pid;
  await etcd.kill();
  expect(etcd.pid).toBeUndefined();
  expect(await answers(url)).toBe(false);
  await etcd.start();
  expect(etcd.pid).not.toBe(firstPid);
  const range = await fetch(`${url}/v3/kv/range`, {
    method: "POST",
    body: JSON.stringify({ key: btoa("k") }),
  });
  expect(await range.json()).toMatchObject({ kvs: [{ value: btoa("v") }] });

  etcd.freeze();
  expect(await answers(url, 300)).toBe(false);
  etcd.thaw();
  expect(await answers(url)).toBe(true);
  await etcd.restart();
  expect(await answers(url)).toBe(true);

  etcd.freeze();
  await etcd.stop();
  expect(() => etcd.freeze()).toThrow("etcd is not running");
}, 240_000);

test("a cluster has three members with a handle each, and continues while one is down", async () => {
  await using stack = await startStack({ ...etcdOnly, members: CLUSTER_MEMBERS });
  const [first, second, third] = stack.members.etcd;
  const addresses = stack.members.etcd.flatMap(({ endpoints }) => endpoints);
  expect(new Set(addresses).size).toBe(3);
  await second?.kill();
  await until(() => answers(first?.endpoints[0]));
  expect(await answers(second?.endpoints[0])).toBe(false);
  await until(() => answers(third?.endpoints[0]));
  await second?.start();
  await until(() => answers(second?.endpoints[0]));
  const members = await fetch(`${third?.endpoints[0]}/v3/cluster/member/list`, {
    method: "POST",
    body: "{}",
  });
  const names = ((await members.json()) as { members: { name: string }[] }).members.map(({ name }) => name);
  expect(names.toSorted()).toEqual(["etcd-1", "etcd-2", "etcd-3"]);
}, 240_000);

test.each(["SIGKILL", "SIGINT", "SIGTERM"] as const)(
  "nothing stays behind when the caller is ended by %s",
  async (signal) => {
    const folder = newFolder();
    const script = join(import.meta.dir, "../support/start-stack.ts");
    const caller = Bun.spawn([process.execPath, script, folder], { stdio: ["ignore", "pipe", "inherit"] });
    const { value } = await caller.stdout.getReader().read();
    expect(new TextDecoder().decode(value)).toBe("up\n");
    // The caller, its guardian and etcd all name the folder.
    const pids = await processesNaming(folder);
    expect(pids.length).toBe(3);
    caller.kill(signal);
    await caller.exited;
    await until(() => !existsSync(folder) && pids.every((pid) => !isAlive(pid)));
    expect(await processesNaming(folder)).toEqual([]);
  },
  240_000,
);

test("if the guardian is killed, the caller ends its servers", async () => {
  await using stack = await startStack(etcdOnly);
  const { folder, etcd } = stack;
  const etcdPid = etcd.pid ?? 0;
  const guardian = (await processesNaming(folder)).find((pid) => pid !== etcdPid);
  if (guardian === undefined) throw new Error("there is no guardian");
  process.kill(guardian, "SIGKILL");
  await until(() => !isAlive(etcdPid) && !existsSync(folder));
}, 240_000);

test("an aborted boot and a failed one leave nothing", async () => {
  const aborted = newFolder();
  const reason = new Error("enough");
  const abort = new AbortController();
  const boot = startStack({
    ...etcdOnly,
    folder: aborted,
    signal: abort.signal,
    onProgress: () => abort.abort(reason),
  });
  expect(await boot.catch((error: unknown) => error)).toBe(reason);

  const failing = newFolder();
  using taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const failure = await startStack({ ...etcdOnly, folder: failing, ports: { etcd: taken.port } }).catch(
    String,
  );
  expect(failure).toContain("etcd ended with code 1; the end of");
  expect(failure).toContain("address already in use");

  for (const folder of [aborted, failing]) {
    expect(existsSync(folder)).toBe(false);
    expect(await processesNaming(folder)).toEqual([]);
  }
}, 240_000);

test("Kafka runs alone with its own properties, and again after a kill", async () => {
  await using stack = await startStack({
    elasticsearch: false,
    etcd: false,
    kafkaProperties: { "message.max.bytes": "2097152" },
  });
  const log = await readFile(stack.kafka.logFile, "utf8");
  expect(log).toContain("message.max.bytes = 2097152");
  expect(log).toMatch(/^\[\d{4}-.*\] INFO .*Kafka Server started/m);
  await stack.kafka.kill();
  await stack.kafka.start();
  expect(stack.kafka.pid).toBeDefined();
}, 480_000);

test("an older Kafka with ZooKeeper is killed, started and restarted with its data", async () => {
  await using stack = await startStack({ kafka: "2.8", elasticsearch: false, etcd: false });
  const { kafka } = stack;
  const topic = "kept";
  {
    await using client = await connectTestKafka(kafka.brokers);
    await client.createTopic(topic);
    await client.produce(topic, [{ value: "a record" }]);
  }
  await kafka.kill();
  expect(kafka.pid).toBeUndefined();
  await kafka.start();
  await kafka.restart();
  await using client = await connectTestKafka(kafka.brokers);
  expect(await client.ends(topic)).toEqual(new Map([[0, 1]]));
  expect(await readFile(kafka.logFile, "utf8")).toContain("Kafka version: 2.8.2");
}, 480_000);
