import { describe, expect, test } from "bun:test";
import { audit } from "../support/faults/audit.ts";
import { expectHeld } from "../support/expect-held.ts";
import { disturbedIn, memberIds } from "../support/reload.ts";
import type { Play } from "./play.ts";

/** Twice a member's session timeout of 6 s, and more. */
const FROZEN_MS = process.env["PENSTOCK_LONG"] === "1" ? 60_000 : 14_000;
const SECONDS = FROZEN_MS / 1000;

/** The servers are killed, frozen or emptied, one scene after another. */
export function describeServerFaults(play: Play): void {
  describe("Elasticsearch", () => {
    test("is killed and comes back with its data", async () => {
      await play({ fault: "Elasticsearch SIGKILL" }, async ({ world, over }) => {
        await world.stack.elasticsearch.kill();
        over();
        await world.stack.elasticsearch.start();
      });
    }, 1_200_000);

    test(`freezes for ${SECONDS} s: the membership is kept, and nothing is committed meanwhile (logstash#9421, kafka-connect-elasticsearch#507)`, async () => {
      await play({ fault: `Elasticsearch SIGSTOP ${SECONDS} s` }, async (stage) => {
        const { world, group, replicas, acknowledged, over, untilMoved } = stage;
        const [{ host }] = replicas;
        const clients = { kafka: world.kafka, config: { kafka: { group } } };
        await expectHeld(async () => {
          await untilMoved();
          const members = await memberIds(clients);
          expect(members).toHaveLength(1);
          world.stack.elasticsearch.freeze();
          try {
            const acknowledgedBefore = acknowledged.total;
            await Bun.sleep(FROZEN_MS);
            // Earlier answers may have been on their way; after that nothing can have an outcome.
            expect(acknowledged.total - acknowledgedBefore).toBeLessThanOrEqual(8_000);
            expect(await memberIds(clients)).toEqual(members);
          } finally {
            world.stack.elasticsearch.thaw();
          }
        });
        over();
        expect(disturbedIn(host)).toEqual([]);
      });
    }, 1_200_000);

    test("loses its data with bulks on their way: later records are indexed as before, the audit names and repairs the rest", async () => {
      const { gone, config } = await play({ fault: "Elasticsearch data deleted" }, async (stage) => {
        const { world, plans, documentsGone, over, untilMoved } = stage;
        await world.stack.elasticsearch.kill();
        await world.stack.elasticsearch.wipe();
        documentsGone();
        await world.stack.elasticsearch.start();
        over();
        await untilMoved();
        // From the template; without it Elasticsearch would have mapped it as text.
        const topic = plans[0]?.topic ?? "";
        const { body } = await world.elasticsearch.request("GET", `/${topic}/_mapping`);
        expect(JSON.stringify(body)).toContain('"subobjects":false');
      });
      expect(gone).toBeGreaterThan(0);
      expect(await audit(config)).toEqual({ code: 1, gaps: gone, doubles: 0 });
      expect(await audit(config, "--repair")).toEqual({ code: 0, gaps: 0, doubles: 0 });
      expect(await audit(config)).toEqual({ code: 0, gaps: 0, doubles: 0 });
    }, 1_200_000);
  });

  describe("Kafka", () => {
    test("is killed and comes back with its data", async () => {
      await play({ fault: "Kafka SIGKILL" }, async ({ world, over }) => {
        await world.stack.kafka.kill();
        over();
        await world.stack.kafka.start();
      });
    }, 1_200_000);

    test(`freezes for ${SECONDS} s`, async () => {
      await play({ fault: `Kafka SIGSTOP ${SECONDS} s` }, async ({ world, over }) => {
        world.stack.kafka.freeze();
        await Bun.sleep(FROZEN_MS);
        world.stack.kafka.thaw();
        over();
      });
    }, 1_200_000);
  });
}
