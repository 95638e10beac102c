import { expect, test } from "bun:test";
import { recordsAlias } from "../../lib/rules/template/index-template.ts";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { runCommand } from "../support/command.ts";
import { connectStack } from "../support/stack-clients.ts";

test("a lost shard of another topic's index ends no audit, and is named once a record is missing that it may have", async () => {
  await using servers = await connectStack();
  const { kafka, elasticsearch } = servers;
  const [topic, lost] = [uniqueName("whole"), uniqueName("lost")];
  const config = { ...servers.config, topics: [topic] };
  await kafka.createTopic(topic);
  await kafka.produce(
    topic,
    [1, 2, 3].map((n) => ({ value: `line ${n}`, timestamp: String(Date.UTC(2026, 0, n)) })),
  );
  {
    await using host = await startTestHost(config);
    await host.untilCaughtUp(topic);
  }
  await elasticsearch.demand("PUT", `/${lost}?wait_for_active_shards=0`, {
    settings: { "index.routing.allocation.require._name": "nobody" },
    aliases: { [recordsAlias]: {} },
  });
  try {
    expect(await runCommand("audit", config, [topic])).toMatchObject({ code: 0, error: "" });
    const id = `${topic}:0:1:${Date.UTC(2026, 0, 2).toString(36)}`;
    await elasticsearch.demand("DELETE", `/${topic}/_doc/${id}?refresh=true`);
    const { out, error, code } = await runCommand("audit", config, [topic]);
    expect(code).toBe(1);
    expect(out + error).toContain(`[${lost}]`);
  } finally {
    await elasticsearch.demand("DELETE", `/${lost}`);
  }
  // Elsewhere there is none either: now it is a gap.
  const { out, code } = await runCommand("audit", config, [topic, "--json"]);
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({ topics: [{ totals: { indexed: 2, gaps: 1 } }] });
}, 480_000);
