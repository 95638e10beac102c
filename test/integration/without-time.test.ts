import { describe, expect, test } from "bun:test";
import { runCommand } from "../support/command.ts";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { replayJson } from "../support/replay-command.ts";
import { useStack } from "../support/stack-clients.ts";

/** Records of very old producers, and of some current ones. */
const none = "-1";

describe("records without a timestamp", () => {
  const servers = useStack();

  function configFor(topic: object) {
    return { ...servers.config, deadLetters: { topic: uniqueName("dead") }, topics: [topic] };
  }

  test("get the time of reading, a tag, and their own id; none is missing, and a repair restores them", async () => {
    const topic = uniqueName("timeless");
    const config = configFor({ topic, format: "json", timestamp: "time" });
    await servers.kafka.createTopic(topic);
    const startMs = Date.now();
    await servers.kafka.produce(topic, [
      { value: '{"message":"one"}', timestamp: none },
      { value: '{"message":"two","time":1764324000}', timestamp: none },
    ]);
    {
      await using host = await startTestHost(config);
      await host.untilIndexed(topic, 2);
      // The host is killed next, and audit checks only committed offsets.
      await host.untilCaughtUp(topic);
    }
    const found = await servers.elasticsearch.documents(topic);
    expect(found.map(({ _id, _source }) => [_id, _source["tags"] ?? null])).toEqual([
      [`${topic}:0:0:-1`, ["timestamp_absent", "timestamp_missing"]],
      [`${topic}:0:1:-1`, null],
    ]);
    const readMs = Date.parse(String(found[0]?._source["@timestamp"]));
    expect(readMs).toBeGreaterThanOrEqual(startMs);
    expect(readMs).toBeLessThanOrEqual(Date.now());
    expect(found[1]?._source["@timestamp"]).toBe("2025-11-28T10:00:00.000Z");

    expect(await runCommand("audit", config, [topic])).toMatchObject({ code: 0, error: "" });
    await servers.elasticsearch.request("DELETE", `/${topic}/_doc/${topic}:0:0:-1?refresh=true`);
    const repair = await runCommand("audit", config, [topic, "--repair", "--json"]);
    expect(repair).toMatchObject({ code: 0, error: "" });
    expect(JSON.parse(repair.out)).toMatchObject({
      topics: [{ repair: { indexed: 1, "dead-lettered": 0 } }],
    });
    const again = await servers.elasticsearch.documents(topic);
    expect(again.map(({ _id }) => _id)).toEqual(found.map(({ _id }) => _id));
  }, 240_000);

  test("in a dated index they join the previous record's day, even after a restart; without one, the dead letters", async () => {
    const topic = uniqueName("timeless");
    const config = configFor({ topic, index: `${topic}-{yyyy.MM.dd}` });
    await servers.kafka.createTopic(topic);
    const produce = (value: string, timestamp: string) =>
      servers.kafka.produce(topic, [{ value, timestamp }]);
    await produce("first", none);
    await produce("second", String(Date.UTC(2026, 0, 2, 3)));
    await produce("third", none);
    await produce("fourth", String(Date.UTC(2026, 0, 3)));
    {
      await using host = await startTestHost(config);
      await host.untilTopic(topic, "has four", ({ partitions }) => partitions[0]?.committed === 4);
    }
    await produce("fifth", none);
    {
      await using host = await startTestHost(config);
      await host.untilIndexed(topic, 1);
      await host.untilCaughtUp(topic);
    }
    const found = await servers.elasticsearch.documents(`${topic}-*`);
    expect(found.map(({ _index, _source }) => [_source["message"], _index, _source["tags"] ?? null])).toEqual(
      [
        ["second", `${topic}-2026.01.02`, null],
        ["third", `${topic}-2026.01.02`, ["timestamp_missing"]],
        ["fourth", `${topic}-2026.01.03`, null],
        ["fifth", `${topic}-2026.01.03`, ["timestamp_missing"]],
      ],
    );
    expect(await runCommand("audit", config, [topic])).toMatchObject({ code: 0, error: "" });

    // The day stays unknown; an index without a date accepts it.
    expect(await replayJson(config, "--topic", topic)).toMatchObject({ result: { stillRejected: 1 } });
    const index = `${topic}-rest`;
    expect(await replayJson(config, "--topic", topic, "--index", index)).toMatchObject({
      code: 0,
      result: { indexed: 1 },
    });
    const [rest] = await servers.elasticsearch.documents(index);
    expect(rest).toMatchObject({ _id: `${topic}:0:0:-1`, _source: { tags: ["timestamp_missing"] } });
  }, 360_000);
});
