import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { AclOperationTypes, AclResourceTypes } from "kafkajs";
import { eventually } from "../../support/eventually.ts";
import { startTestHost, type TestHost } from "../../support/host.ts";
import { uniqueName } from "../../support/kafka.ts";
import { type Act, forbid, permit } from "../../support/kafka-rules.ts";
import { readTopic } from "../../support/read-topic.ts";
import { strictIndex } from "../../support/elasticsearch.ts";
import type { DisturbedWorld } from "./world.ts";

export function describeForbiddenDeadLetters(world: DisturbedWorld): void {
  describe("dead letters that Kafka refuses", () => {
    const [topic, other] = [uniqueName("forbidden"), uniqueName("other")];
    const servers = world.useClients();
    let host: TestHost;

    beforeAll(async () => {
      await Promise.all([topic, other].map((name) => servers.kafka.createTopic(name)));
      await servers.elasticsearch.demand("PUT", `/${topic}`, strictIndex({ n: { type: "long" } }));
    }, 720_000);
    afterAll(() => host?.[Symbol.asyncDispose]());

    /** For the dead-letter topic; creating it is also checked on the cluster. */
    const acts = (operation: AclOperationTypes): Act[] => {
      const ofTopic = { type: AclResourceTypes.TOPIC, name: servers.config.deadLetters.topic, operation };
      const ofCluster = { type: AclResourceTypes.CLUSTER, name: "kafka-cluster", operation };
      return operation === AclOperationTypes.CREATE ? [ofTopic, ofCluster] : [ofTopic];
    };

    const refusals = (): Record<string, unknown>[] =>
      host.log().filter((line) => line["msg"] === "records are retried" && line["topic"] === topic);
    /** How often records were retried because of the dead-letter topic. */
    const retries = async (): Promise<number> => {
      const text = await (await host.fetch("/metrics")).text();
      return Number(
        /^penstock_bulk_retries_total\{reason="dead_letter_unavailable"\} (\d+)$/m.exec(text)?.[1] ?? 0,
      );
    };
    const committed = async (): Promise<number | undefined> =>
      (await servers.kafka.committed(servers.config.kafka.group, topic)).get(0);

    test("the topic must not be created: the partition stalls and says why, nothing is lost, the other topic continues", async () => {
      await forbid(servers.kafka.admin, ...acts(AclOperationTypes.CREATE));
      const begunMs = performance.now();
      host = await startTestHost({
        ...servers.config,
        topics: [{ topic, format: "json", rejected: "dead-letter" }, { topic: other }],
      });
      await servers.kafka.produce(topic, [
        { value: '{"n":0}' },
        { value: '{"n":"poison"}' },
        { value: '{"n":2}' },
      ]);
      const stalled = await host.untilTopic(
        topic,
        "has stalled",
        ({ state }) => state === "stalled",
        100_000,
      );
      expect(stalled.reason).toContain(`the dead-letter topic: "${servers.config.deadLetters.topic}"`);
      expect(stalled.reason).toMatch(/not authorized|authorization/i);
      expect(stalled.counts).toMatchObject({ indexed: 2, deadLettered: 0 });
      expect(await committed()).toBe(1);
      expect(await servers.kafka.admin.listTopics()).not.toContain(servers.config.deadLetters.topic);

      await eventually("readiness says so", async () => {
        const ready = await host.fetch("/readyz");
        return ready.status === 503 && (await ready.text()).includes(`${topic}/0`);
      });
      // One line in 30 s, however often it retries, and some before it is known what to say.
      expect(refusals().length).toBeLessThanOrEqual(4 + (performance.now() - begunMs) / 30_000);

      await servers.kafka.produce(other, [{ value: "goes on" }]);
      await host.untilTopic(other, "has moved", ({ partitions }) => partitions[0]?.committed === 1);
    }, 600_000);

    test("once creation is allowed, the letter is written and the partition continues by itself", async () => {
      await permit(servers.kafka.admin, ...acts(AclOperationTypes.CREATE));
      await host.untilTopic(
        topic,
        "has caught up",
        ({ partitions }) => partitions[0]?.committed === 3,
        60_000,
      );
      await host.untilTopic(topic, "runs again", ({ state }) => state === "running");
      await host.untilReady();
      const letters = await readTopic(servers.kafka.brokers, servers.config.deadLetters.topic, 1);
      expect(letters.map(({ value }) => String(value))).toEqual(['{"n":"poison"}']);
      expect(await servers.elasticsearch.count(topic)).toBe(2);
    }, 360_000);

    test("writing to it is forbidden: the same, until it is allowed", async () => {
      await forbid(servers.kafka.admin, ...acts(AclOperationTypes.WRITE));
      await servers.kafka.produce(topic, [{ value: '{"n":"again"}' }, { value: '{"n":4}' }]);
      // The log says it once in 30 s; the state only once it has stalled.
      const refused = await retries();
      await eventually("it was refused", async () => (await retries()) > refused, 60_000);
      expect(await committed()).toBe(3);
      await permit(servers.kafka.admin, ...acts(AclOperationTypes.WRITE));
      await host.untilTopic(
        topic,
        "has caught up",
        ({ partitions }) => partitions[0]?.committed === 5,
        60_000,
      );
      const letters = await readTopic(servers.kafka.brokers, servers.config.deadLetters.topic, 2);
      expect(letters.map(({ value }) => String(value))).toEqual(['{"n":"poison"}', '{"n":"again"}']);
    }, 600_000);
  });
}
