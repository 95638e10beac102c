import { describe, expect, test } from "bun:test";
import { eventually } from "../support/eventually.ts";
import type { Play } from "./play.ts";

/** The host itself is ended while it works. */
export function describeHostFaults(play: Play): void {
  describe("the host", () => {
    test.concurrent(
      "SIGKILL mid-bulk: the bulk never reached Elasticsearch (logstash-input-kafka#343, logstash#11706)",
      () =>
        play({ fault: "host SIGKILL, bulk held back" }, async ({ replicas: [host], over }) => {
          host.lane.elasticsearch.block("requests");
          await eventually("a bulk is on its way", () => host.lane.traffic.inFlight > 0);
          await host.end("SIGKILL");
          over();
          host.lane.elasticsearch.unblock();
          await host.start();
        }),
      1_200_000,
    );

    test.concurrent("SIGKILL mid-bulk: Elasticsearch did the work and the answer was lost", async () => {
      const { row } = await play({ fault: "host SIGKILL, answer lost" }, async (scene) => {
        const { world, plans, acknowledged, replicas, over } = scene;
        const [host] = replicas;
        host.lane.elasticsearch.block("answers");
        await eventually(
          "documents nobody was told of",
          async () => (await world.elasticsearch.count(plans[0]?.topic ?? "")) > acknowledged.total,
        );
        await host.end("SIGKILL");
        over();
        host.lane.elasticsearch.unblock();
        await host.start();
      });
      expect(row.duplicates).toBeGreaterThan(0);
    }, 1_200_000);

    test.concurrent("SIGTERM under full load: exits 0, and the next host starts at its last offsets", async () => {
      await play({ fault: "host SIGTERM" }, async (scene) => {
        const { world, plans, group, acknowledged, replicas } = scene;
        const [host] = replicas;
        await host.endWell();
        // Exit 0 means that nothing sent stayed uncommitted.
        for (const { topic, partitions } of plans) {
          const committed = await world.kafka.committed(group, topic);
          for (let partition = 0; partition < partitions; partition += 1)
            expect(Math.max(0, committed.get(partition) ?? 0)).toBe(acknowledged.prefix(topic, partition));
        }
        await host.start();
      });
    }, 1_200_000);
  });
}
