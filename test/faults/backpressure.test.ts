import { expect, test } from "bun:test";
import { costOf } from "../../infra/bench/kit/process-cost.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName, type TestKafka } from "../support/kafka.ts";
import { connectStack } from "../support/stack-clients.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";

const MB = 1024 * 1024;
/** PENSTOCK_LONG=1: 2 GB behind an Elasticsearch that is frozen for five minutes. */
const LONG = process.env["PENSTOCK_LONG"] === "1";
const { backlogBytes, standMs } = LONG
  ? { backlogBytes: 2048 * MB, standMs: 300_000 }
  : { backlogBytes: 512 * MB, standMs: 15_000 };
const MAX_BYTES = 32 * MB;
const RECORD_BYTES = 4096;
const TOPICS = 4;

/** Resident memory in bytes. */
async function inFlightOf(host: TestHost): Promise<number> {
  const text = await (await host.fetch("/metrics")).text();
  return Number(/^penstock_in_flight_bytes (\d+)$/m.exec(text)?.[1]);
}

async function fill(kafka: TestKafka, topic: string, records: number): Promise<void> {
  const value = "log line ".repeat(RECORD_BYTES / 9);
  for (let sent = 0; sent < records; sent += 100) {
    await kafka.produce(
      topic,
      Array.from({ length: Math.min(100, records - sent) }, () => ({ value })),
    );
  }
}

test(
  "an Elasticsearch that stands still: memory stays flat, the group keeps its member, and nothing is lost (fluent-bit#7859, kafka-connect-elasticsearch#444)",
  async () => {
    await using servers = await connectStack();
    await using proxy = await startTcpProxy(servers.addresses.elasticsearchNode);
    const topics = Array.from({ length: TOPICS }, () => uniqueName("backpressure"));
    for (const topic of topics) await servers.kafka.createTopic(topic, 2);
    const config = {
      ...servers.config,
      kafka: { ...servers.config.kafka, inFlight: { maxBytes: `${MAX_BYTES / MB}mb` } },
      elasticsearch: { nodes: [proxy.url], bulk: { requestTimeout: "5s" } },
      topics,
    };
    await using host = await startTestHost(config);
    for (const topic of topics) await host.untilTopic(topic, "runs", ({ state }) => state === "running");

    const members = async (): Promise<string[]> => {
      const { groups } = await servers.kafka.admin.describeGroups([servers.config.kafka.group]);
      return groups.flatMap((group) => group.members.map(({ memberId }) => memberId));
    };
    const membersBefore = await members();
    const rssBefore = costOf(host.pid).rssBytes;

    proxy.block();
    const perTopic = Math.ceil(backlogBytes / RECORD_BYTES / TOPICS);
    await Promise.all(topics.map((topic) => fill(servers.kafka, topic, perTopic)));
    await eventually("records are held", async () => (await inFlightOf(host)) > MAX_BYTES / 4);
    const [rss, inFlight]: [number[], number[]] = [[], []];
    for (const until = Date.now() + standMs; Date.now() < until;) {
      rss.push(costOf(host.pid).rssBytes);
      inFlight.push(await inFlightOf(host));
      await Bun.sleep(500);
    }
    const grownBytes = Math.max(...rss) - rssBefore;
    process.stdout.write(
      `${[
        `backpressure: backlog ${Math.round(backlogBytes / MB)} MB, budget ${MAX_BYTES / MB} MB, stood still ${standMs / 1000} s;`,
        `RSS before ${Math.round(rssBefore / MB)} MB, at most ${Math.round(Math.max(...rss) / MB)} MB,`,
        `at the end ${Math.round((rss.at(-1) ?? 0) / MB)} MB; in flight at most ${Math.round(Math.max(...inFlight) / MB)} MB`,
      ].join(" ")}\n`,
    );
    expect(Math.max(...inFlight)).toBeLessThanOrEqual(MAX_BYTES);
    // In-flight data exists as records, as a request's body and as garbage of the previous one. Holding the whole
    // backlog would take more.
    expect(grownBytes).toBeLessThan(384 * MB);
    expect(await members()).toEqual(membersBefore);

    proxy.unblock();
    for (const topic of topics) {
      await host.untilCaughtUp(topic, 2, LONG ? 900_000 : 120_000);
      expect(await servers.elasticsearch.count(topic)).toBe(await servers.kafka.written(topic));
    }
    expect(await host.topics().then((all) => all.every(({ lost }) => lost.length === 0))).toBe(true);
  },
  LONG ? 3_600_000 : 960_000,
);
