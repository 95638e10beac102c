import { expect, test } from "bun:test";
import { fill } from "../../infra/bench/load/broker.ts";
import { percentile } from "../../infra/bench/kit/median.ts";
import { startBulkProxy } from "../../infra/bench/stand-ins/bulk-proxy.ts";
import { stamped, stampsTaken } from "../../infra/bench/stand-ins/stamps.ts";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { connectStack } from "../support/stack-clients.ts";

const LONG = process.env["PENSTOCK_LONG"] === "1";
/** The busy topic's backlog: catching up takes several times the quiet topic's limit. */
const BACKLOG = LONG ? 5_000_000 : 400_000;
const PARTITIONS = 4;
const QUIET_EVERY_MS = 50;
/**
 * A starved topic would wait as long as the busy one takes, ten seconds and more. The short form runs on an
 * Elasticsearch that has just started, perhaps on a busy machine: one bulk takes up to a second there.
 */
const QUIET_P99_MS = LONG ? 1_000 : 4_000;

test(
  `a quiet topic stays quick while another catches up ${BACKLOG.toLocaleString("en-US")} records`,
  async () => {
    await using resources = new AsyncDisposableStack();
    const servers = resources.use(await connectStack());
    const [busy, quiet] = [uniqueName("busy"), uniqueName("quiet")];
    await servers.kafka.createTopic(busy, PARTITIONS);
    await servers.kafka.createTopic(quiet);
    const producer = resources.adopt(servers.kafka.kafka.producer(), (open) => open.disconnect());
    await producer.connect();
    await fill(producer, { topic: busy, partitions: PARTITIONS, records: BACKLOG, kind: "text", seed: 1 });

    const took: number[] = [];
    const proxy = resources.use(
      startBulkProxy(servers.addresses.elasticsearchNode, (body, answer, answeredAt) => {
        for (const stamp of stampsTaken(body, answer)) took.push(answeredAt - stamp);
      }),
    );
    const config = { ...servers.config, elasticsearch: { nodes: [proxy.url.origin] } };
    const host = resources.use(await startTestHost({ ...config, topics: [quiet] }));
    await host.untilTopic(quiet, "runs", ({ state }) => state === "running");
    await host.writeConfig({ ...config, topics: [quiet, busy] });
    await host.untilTopic(busy, "runs", ({ state }) => state === "running");

    let sent = 0;
    let lag = Number.POSITIVE_INFINITY;
    const sendWhileBusy = async (): Promise<void> => {
      // Only records sent while the other topic is busy count.
      while (lag > 0) {
        await producer.send({ topic: quiet, messages: [{ value: stamped("a line") }] });
        sent += 1;
        await Bun.sleep(QUIET_EVERY_MS);
      }
    };
    const watch = async (): Promise<void> => {
      try {
        await host.untilTopic(
          busy,
          "has caught up",
          ({ counts }) => {
            lag = BACKLOG - counts.indexed;
            return lag === 0;
          },
          LONG ? 900_000 : 120_000,
        );
      } finally {
        lag = 0;
      }
    };
    await Promise.all([sendWhileBusy(), watch()]);
    await host.untilIndexed(quiet, sent);
    const [p50, p99] = [percentile(took, 0.5), percentile(took, 0.99)];
    process.stdout.write(
      `quiet topic: ${sent} records while the other caught up ${BACKLOG}; p50 ${Math.round(p50)} ms, p99 ${Math.round(p99)} ms\n`,
    );
    expect(took.length).toBeGreaterThanOrEqual(sent);
    expect(sent).toBeGreaterThan(30);
    expect(p99).toBeLessThan(QUIET_P99_MS);
    expect(await servers.elasticsearch.count(busy)).toBe(BACKLOG);
  },
  LONG ? 1_800_000 : 240_000,
);
