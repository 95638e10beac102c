import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Explanation } from "../../lib/rules/explanation/explanation.ts";
import { runCommand } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { useStack } from "../support/stack-clients.ts";

const HOUR_MS = 3_600_000;
const blocked = uniqueName("blocked");
const well = uniqueName("well");
const absent = uniqueName("absent");
const nobodys = uniqueName("nobodys");
const writtenAt = Date.now() - 60_000;
const servers = useStack();
let host: TestHost;
let config: object;

beforeAll(async () => {
  const hour = { "retention.ms": String(HOUR_MS) };
  await Promise.all([
    servers.kafka.createTopic(blocked, 2, hour),
    servers.kafka.createTopic(well, 1),
    servers.kafka.createTopic(nobodys, 1),
  ]);
  config = {
    ...servers.config,
    http: { port: 0 },
    topics: [
      { topic: blocked, format: "json" },
      { pattern: `${blocked}*`, format: "text" },
      { topic: well },
      { topic: absent },
    ],
  };
  host = await startTestHost(config);
  await host.untilTopic(blocked, "runs", ({ state }) => state === "running");
  await servers.elasticsearch.request("PUT", `/${blocked}`);
  await servers.elasticsearch.request("PUT", `/${blocked}/_settings`, { "index.blocks.write": true });
  const record = { value: '{"n":1}', partition: 1, timestamp: String(writtenAt) };
  await servers.kafka.produce(blocked, [record]);
  await servers.kafka.produce(well, [{ value: "a line" }]);
  await host.untilTopic(blocked, "is in trouble", ({ trouble }) => trouble !== null);
  await host.untilTopic(well, "is read", ({ partitions }) => partitions[0]?.committed === 1);
}, 480_000);
afterAll(() => host?.[Symbol.asyncDispose]());

async function explained(topic: string, ...args: string[]) {
  const { out, error, code } = await runCommand("explain", config, [topic, "--json", ...args]);
  if (out === "") throw new Error(`explain ended with ${code}: ${error}`);
  return {
    code,
    told: JSON.parse(out) as Explanation & { readonly asked: { readonly host: string | null } },
  };
}
const throughHost = (topic: string) => explained(topic, "--host", host.url);
const command = `PUT ${blocked}/_settings {"index.blocks.write":null}`;

test("through the host: why a topic gets nowhere, what mends it, what waits and until when", async () => {
  const { code, told } = await throughHost(blocked);
  expect(code).toBe(1);
  expect(told).toMatchObject({
    topic: blocked,
    asked: { host: new URL(host.url).origin },
    says: expect.stringMatching(/^running: retrying since .*FORBIDDEN\/8\/index write/),
    remedy: { do: "set index.blocks.write to false", command },
    declared: [
      { source: { kind: "config", entry: 0 }, wins: true },
      { source: { entry: 1 }, wins: false, differs: [{ field: "format", from: "json", to: "text" }] },
    ],
    inKafka: true,
    partitions: [
      { partition: 0, owned: true },
      { partition: 1, start: 0, end: 1, lag: 1, owned: true },
    ],
    deadline: { oldestAt: writtenAt, deletableAt: writtenAt + HOUR_MS },
    deadLetters: { letters: 0, complete: true },
    status: { topic: blocked, trouble: { partitions: [1], records: 1 } },
  });
  const settings = new Map(told.settings.map(({ name, value, from }) => [name, [value, from]]));
  expect(settings.get("format")).toEqual(["json", expect.stringMatching(/^entry 1 of .*\.yaml$/)]);
  expect(settings.get("pipeline")).toEqual([null, null]);
  expect(told.checks.find(({ name }) => name === `target ${blocked}`)).toMatchObject({
    state: "failed",
    command,
  });
}, 480_000);

test("without a host the servers tell what they can, and it says so", async () => {
  const { code, told } = await explained(blocked);
  expect(code).toBe(1);
  expect(told).toMatchObject({
    asked: { host: null },
    says: expect.stringContaining("without a host"),
    remedy: { command },
    status: null,
    partitions: [{ owned: null }, { owned: null }],
    deadline: { oldestAt: writtenAt, deletableAt: writtenAt + HOUR_MS },
  });
  const { out } = await runCommand("explain", config, [blocked]);
  expect(out).toContain(`→ set index.blocks.write to false\n  ${command}\n`);
  expect(out).toContain("Without a host (");
  expect(out).toMatch(/^ {2}format +json +entry 1 of /m);
}, 480_000);

test("a topic that is well needs nothing", async () => {
  // A server that is too busy to answer a check fails it.
  await eventually("it is told so", async () => {
    const { code, told } = await throughHost(well);
    expect([code, told.says, told.remedy]).toEqual([0, "running", null]);
    return true;
  });
}, 480_000);

test("one that does not exist, and one that nobody declares, say what to do", async () => {
  const missing = await throughHost(absent);
  expect(missing.told).toMatchObject({
    says: expect.stringContaining("pending: it does not exist in Kafka"),
    remedy: { command: expect.stringContaining(`--create --topic ${absent}`) },
    inKafka: false,
  });
  const { code, told } = await throughHost(nobodys);
  expect([code, told.says]).toEqual([1, "no source declares it"]);
  expect(told).toMatchObject({ inKafka: true, declared: [], settings: [] });
}, 480_000);

test("a missing argument is named", async () => {
  const { code, error } = await runCommand("explain", config, []);
  expect([code, error]).toEqual([2, expect.stringContaining("A topic is missing")]);
}, 240_000);
