import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { RecordExplanation } from "../../functions/explain-record.ts";
import { strictIndex } from "../support/elasticsearch.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { transactWithJava } from "../support/java-producer.ts";
import { uniqueName } from "../support/kafka.ts";
import { useStack } from "../support/stack-clients.ts";

describe("why is it not in the index?", () => {
  const servers = useStack();
  let host: TestHost;
  const run = uniqueName("explain");
  const plain = `${run}-plain`;
  const strict = `${run}-strict`;
  const piped = `${run}-piped`;
  const blocked = `${run}-blocked`;
  const held = `${run}-held`;
  const late = `${run}-late`;
  const marked = `${run}-marked`;
  const foreign = `${run}-foreign`;

  beforeAll(async () => {
    const { kafka, elasticsearch } = servers;
    for (const topic of [plain, strict, piped, blocked, held, late, marked, foreign])
      await kafka.createTopic(topic);
    await elasticsearch.request("PUT", `/${strict}`, strictIndex({ n: { type: "long" } }));
    await elasticsearch.request("PUT", `/_ingest/pipeline/${run}`, {
      processors: [{ drop: { contains: "drop me" } }],
    });
    await elasticsearch.request("PUT", `/${blocked}`, { settings: { "index.blocks.write": true } });
    await kafka.produce(
      plain,
      ["first", null, "third"].map((value) => ({ value })),
    );
    await kafka.produce(strict, [{ value: '{"n":"no number"}' }]);
    await kafka.produce(
      piped,
      ["drop me", "keep me"].map((value) => ({ value })),
    );
    await kafka.produce(blocked, [{ value: "waits" }]);
    await kafka.produce(
      held,
      ["a", "b"].map((value) => ({ value })),
    );
    await kafka.produce(late, [{ value: "before the start" }]);
    await kafka.produce(foreign, [{ value: "nobody declared it" }]);
    await transactWithJava(servers.addresses.brokers, marked, ["A:begin", "A:send:kept", "A:commit"]);
    host = await startTestHost({
      ...servers.config,
      topics: [
        plain,
        marked,
        blocked,
        { topic: strict, format: "json", rejected: "dead-letter" },
        { topic: piped, pipeline: run },
        { topic: held, hold: true },
        { topic: late, startAt: "latest" },
      ],
    });
  }, 480_000);
  afterAll(async () => {
    await host[Symbol.asyncDispose]();
    await servers.elasticsearch.request("PUT", `/${blocked}/_settings`, { "index.blocks.write": null });
  });

  async function explained(topic: string, offset: number): Promise<RecordExplanation> {
    const found = await host.answer(`/records/explanation?topic=${topic}&partition=0&offset=${offset}`);
    if (!found.ok) throw new Error(`${found.status} ${await found.text()}`);
    return (await found.json()) as RecordExplanation;
  }
  const settled = (topic: string, end: number) =>
    host.untilTopic(topic, `has committed ${end}`, ({ partitions }) => partitions[0]?.committed === end);
  async function deleteBefore(topic: string, offset: number): Promise<void> {
    await servers.kafka.deleteBelow(topic, offset);
  }

  test("indexed, skipped, not written; and later missing, or unknown once Kafka forgot it too", async () => {
    await settled(plain, 3);
    const first = await explained(plain, 0);
    expect(first).toMatchObject({ kind: "indexed", committed: 3, logStart: 0, highWatermark: 3 });
    expect(first.documents).toEqual([{ index: plain, id: expect.stringContaining(`${plain}:0:0:`) }]);
    expect(await explained(plain, 1)).toMatchObject({ kind: "skipped", documents: [] });
    expect(await explained(plain, 3)).toMatchObject({ kind: "not written" });

    await servers.elasticsearch.request("DELETE", `/${plain}/_doc/${first.documents[0]?.id}?refresh=true`);
    expect(await explained(plain, 0)).toMatchObject({
      kind: "missing",
      remedy: expect.stringContaining("audit"),
    });
    await deleteBefore(plain, 3);
    expect(await explained(plain, 0)).toMatchObject({ kind: "unknown" });
    expect(await explained(plain, 2)).toMatchObject({ kind: "indexed" });
  }, 480_000);

  test("dead-lettered, with the index's reason", async () => {
    await settled(strict, 1);
    const { kind, message, letter } = await explained(strict, 0);
    expect({ kind, letter }).toMatchObject({
      kind: "dead-lettered",
      letter: { index: strict, error: { type: "document_parsing_exception" }, attempts: 1 },
    });
    expect(message).toContain("failed to parse field [n]");
  }, 480_000);

  test("dropped by its pipeline", async () => {
    await settled(piped, 2);
    expect(await explained(piped, 0)).toMatchObject({ kind: "dropped" });
    expect(await explained(piped, 1)).toMatchObject({ kind: "indexed" });
  }, 480_000);

  test("tried again, and what waits behind it", async () => {
    const again = await eventually("it is tried again", async () => {
      const found = await explained(blocked, 0);
      return found.kind === "retrying" ? found : null;
    });
    expect(again.message).toContain("cluster_block_exception");
    expect(again.message).toMatch(/since \d{4}-/);
  }, 480_000);

  test("held; lost, if Kafka deletes it meanwhile", async () => {
    await host.untilTopic(held, "is held", ({ state }) => state === "held");
    expect(await explained(held, 0)).toMatchObject({ kind: "held", remedy: "Release the topic." });
    await deleteBefore(held, 1);
    expect(await explained(held, 0)).toMatchObject({ kind: "lost" });
  }, 480_000);

  test("before the topic's start", async () => {
    await host.untilTopic(late, "runs", ({ state }) => state === "running");
    await servers.kafka.produce(late, [{ value: "after the start" }]);
    await settled(late, 2);
    expect(await explained(late, 0)).toMatchObject({
      kind: "before start",
      message: expect.stringContaining("from offset 1"),
    });
    expect(await explained(late, 1)).toMatchObject({ kind: "indexed" });
  }, 480_000);

  test("no record: a transaction's marker; and a topic that nobody declared", async () => {
    await settled(marked, 2);
    expect(await explained(marked, 0)).toMatchObject({ kind: "indexed" });
    expect(await explained(marked, 1)).toMatchObject({ kind: "no record" });
    expect(await explained(foreign, 0)).toMatchObject({ kind: "undeclared", committed: null });
  }, 480_000);
});
