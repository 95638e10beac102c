import { afterAll, beforeAll, expect, test } from "bun:test";
import { startTestHost, type TestHost } from "../support/host.ts";
import { diagnosed } from "../support/doctor-command.ts";
import { uniqueName } from "../support/kafka.ts";
import { useStack } from "../support/stack-clients.ts";

const run = uniqueName("conflict");
const topics = {
  well: `${run}.well`,
  guilty: `${run}.guilty`,
  stream: `${run}.stream`,
  later: `${run}.later`,
};
const servers = useStack();
let host: TestHost;

const lines = Array.from({ length: 10 }, (_, n) => ({ value: `{"n":${n}}` }));
const running = (topic: string) => host.untilTopic(topic, "run", ({ state }) => state === "running");
const config = (...declared: readonly string[]) => ({
  ...servers.config,
  topics: declared,
});

beforeAll(async () => {
  const { elasticsearch, kafka } = servers;
  await elasticsearch.request("PUT", `/_index_template/${run}`, {
    index_patterns: [`${run}.guil*`],
    priority: 150,
  });
  await elasticsearch.request("PUT", `/_index_template/${run}-stream`, {
    index_patterns: [topics.stream],
    priority: 120,
    data_stream: {},
  });
  const first = await fetch(new URL(`/${topics.stream}/_doc`, servers.addresses.elasticsearchNode), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ "@timestamp": "2026-01-01T00:00:00Z" }),
  });
  expect(first.status).toBe(201);
  for (const topic of Object.values(topics)) {
    await kafka.createTopic(topic);
    await kafka.produce(topic, lines);
  }
});

afterAll(async () => {
  await host?.[Symbol.asyncDispose]();
  await servers.elasticsearch.request("DELETE", `/_index_template/${run}`);
});

test("a foreign template over one topic's index, and a data stream under another's name, block no topic", async () => {
  const declared = config(topics.well, topics.guilty, topics.stream);
  const doctor = await diagnosed(declared);
  expect(doctor.find(`index template for ${topics.guilty}`)).toMatchObject({
    state: "failed",
    seen: expect.stringContaining("that have the same priority [150]"),
  });
  expect(doctor.find(`index template for ${topics.stream}`)).toBeUndefined();

  host = await startTestHost(declared);
  await running(topics.well);
  await running(topics.stream);
  const { reason } = await host.untilTopic(topics.guilty, "fail", ({ state }) => state === "failed");
  expect(reason).toContain(
    `index template [penstock] has index pattern [${topics.guilty}] matching patterns from existing templates [${run}] ` +
      `with patterns (${run} => [${run}.guil*]) that have the same priority [150]`,
  );

  await host.writeConfig(config(topics.well, topics.guilty, topics.stream, topics.later));
  await running(topics.later);
  for (const topic of [topics.well, topics.stream, topics.later])
    await host.untilIndexed(topic, lines.length);

  await servers.elasticsearch.request("DELETE", `/_index_template/${run}`);
  await host.untilIndexed(topics.guilty, lines.length);
  for (const topic of Object.values(topics)) {
    const others = topic === topics.stream ? 1 : 0;
    expect(await servers.elasticsearch.count(topic)).toBe(lines.length + others);
  }
}, 240_000);
