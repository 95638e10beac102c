import { describe, expect, test } from "bun:test";
import { CompressionTypes } from "kafkajs";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { readTopic } from "../support/read-topic.ts";
import { replayJson } from "../support/replay-command.ts";
import { useStack } from "../support/stack-clients.ts";
import { runCommand } from "../support/command.ts";

interface AuditTotals {
  readonly indexed: number;
  readonly deadLettered: number;
  readonly gaps: number;
}

const MIB = 1024 * 1024;

describe("record batches that decompress to far more than their size", () => {
  const servers = useStack();

  async function auditJson(config: object, topic: string): Promise<AuditTotals> {
    const { out, error } = await runCommand("audit", config, [topic, "--json"]);
    if (out === "") throw new Error(error);
    const { topics } = JSON.parse(out) as { topics: { totals: AuditTotals }[] };
    return topics[0]?.totals ?? expect.unreachable(out);
  }

  test("become one dead letter each, the partition continues, and replay indexes their records once the limit is higher", async () => {
    const topic = uniqueName("bomb");
    const config = {
      ...servers.config,
      kafka: { ...servers.config.kafka, maxBatchBytes: "4mb" },
      deadLetters: { topic: uniqueName("dead") },
      topics: [topic],
    };
    await servers.kafka.createTopic(topic);
    const lines = Array.from({ length: 5 }, () => ({ value: Buffer.alloc(MIB, "x") }));
    const { GZIP, LZ4, Snappy, ZSTD } = CompressionTypes;
    for (const codec of [GZIP, Snappy, LZ4, ZSTD]) {
      await servers.kafka.produce(topic, lines, codec);
      await servers.kafka.produce(topic, [{ value: "between" }]);
    }
    {
      await using host = await startTestHost(config);
      const { counts } = await host.untilTopic(topic, "has passed", ({ partitions }) =>
        partitions.some(({ committed }) => committed === 24),
      );
      expect(counts.indexed + counts.duplicate).toBeGreaterThanOrEqual(4);
      expect(counts.deadLettered).toBeGreaterThanOrEqual(20);
      expect(counts.skipped).toBe(0);
      expect(await (await host.fetch("/metrics")).text()).toContain(
        `penstock_documents_total{topic="${topic}",outcome="dead-lettered"} ${counts.deadLettered}`,
      );
    }
    const letters = await readTopic(servers.kafka.brokers, config.deadLetters.topic, 4);
    const abouts = letters.map(
      ({ headers }) => new Map(headers.map(({ name, value }) => [name, String(value)])),
    );
    const places = abouts.map((about) => [about.get("penstock.offset"), about.get("penstock.last-offset")]);
    expect(new Set(places.map(String))).toEqual(new Set(["0,4", "6,10", "12,16", "18,22"]));
    for (const about of abouts) {
      expect(about.get("penstock.error.type")).toBe("batch_too_large");
      expect(about.get("penstock.error.reason")).toMatch(
        /^the record batch at offsets \d+ to \d+ \(\d+ bytes as sent\) takes more memory than kafka\.maxBatchBytes, 4194304 bytes$/,
      );
      expect(about.get("penstock.records")).toBe("5");
    }
    const audit = await auditJson(config, topic);
    expect(audit).toMatchObject({ indexed: 4, deadLettered: 20, gaps: 0 });

    const still = await replayJson(config);
    expect(still).toMatchObject({ code: 1, result: { indexed: 0, stillRejected: 20 } });
    const larger = { ...config, kafka: servers.config.kafka };
    expect(await auditJson(larger, topic)).toMatchObject({ indexed: 4, deadLettered: 20, gaps: 0 });
    expect(await replayJson(larger)).toMatchObject({ code: 0, result: { indexed: 20, unrecoverable: 0 } });
    expect(await servers.elasticsearch.count(topic)).toBe(24);
    expect(await auditJson(larger, topic)).toMatchObject({ indexed: 24, deadLettered: 0, gaps: 0 });
  }, 480_000);
});
