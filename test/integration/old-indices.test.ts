import { expect, test } from "bun:test";
import { recordsAlias } from "../../lib/rules/template/index-template.ts";
import { runCommand } from "../support/command.ts";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { replayJson } from "../support/replay-command.ts";
import { connectStack } from "../support/stack-clients.ts";
import { templateVersion2 } from "../support/template-2.ts";

test("an index of the older template beside a new one is written to, audited, repaired and replayed into", async () => {
  await using servers = await connectStack();
  const { kafka, elasticsearch } = servers;
  const topic = uniqueName("older");
  const day = 86_400_000;
  const today = Math.floor(Date.now() / day) * day;
  const indexOf = (time: number): string =>
    `${topic}-${new Date(time).toISOString().slice(0, 10).replaceAll("-", ".")}`;
  const [older, newer] = [indexOf(today - day), indexOf(today)];
  await elasticsearch.request("PUT", `/${older}`, { ...templateVersion2, aliases: { [recordsAlias]: {} } });
  await kafka.createTopic(topic);
  const records = [
    '{"n":1,"level":30}',
    '{"n":"a word"}',
    '{"msg":"database is gone"}',
    '{"log":"from a container\\n"}',
  ];
  await kafka.produce(
    topic,
    [today - day, today].flatMap((time) =>
      records.map((value, n) => ({ value, timestamp: String(time + n * 1_000) })),
    ),
  );
  const declared = { topic, format: "json", index: `${topic}-{yyyy.MM.dd}` };
  const config = {
    ...servers.config,
    kafka: { ...servers.config.kafka, group: topic },
    deadLetters: { topic: `${topic}.dead-letters` },
    topics: [{ ...declared, rejected: "dead-letter" }],
  };
  {
    await using host = await startTestHost(config);
    // The older mapping refuses the text, the current one stores it in a modified form.
    const { counts } = await host.untilTopic(
      topic,
      "has settled all",
      // Where a busy Elasticsearch answers too late, records are sent twice.
      ({ counts }) => counts.indexed + counts.duplicate + counts.deadLettered === 2 * records.length,
    );
    expect(counts.deadLettered).toBe(1);
    expect(await host.stop()).toBe(0);
  }
  expect((await runCommand("audit", config, [])).code).toBe(0);

  for (const [index, offset] of [
    [older, 2],
    [newer, 6],
  ] as const) {
    const id = `${topic}:0:${offset}:${((index === older ? today - day : today) + 2_000).toString(36)}`;
    await elasticsearch.demand("DELETE", `/${index}/_doc/${id}?refresh=true`);
  }
  expect((await runCommand("audit", config, [])).code).toBe(1);
  expect((await runCommand("audit", config, ["--repair"])).code).toBe(0);

  const { code, result } = await replayJson({ ...config, topics: [declared] });
  expect({ code, result }).toMatchObject({ code: 0 });
  await elasticsearch.request("POST", `/${topic}-*/_refresh`);
  expect(await Promise.all([older, newer].map((index) => elasticsearch.count(index)))).toEqual([4, 4]);
  expect((await runCommand("audit", config, [])).code).toBe(0);
}, 360_000);
