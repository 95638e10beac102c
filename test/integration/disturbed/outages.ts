import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Etcd3 } from "etcd3";
import { eventually } from "../../support/eventually.ts";
import { startTestHost, type TestHost } from "../../support/host.ts";
import { uniqueName } from "../../support/kafka.ts";
import type { DisturbedWorld } from "./world.ts";

/** One after another, the servers go down and come back; the host is never restarted. */
export function describeOutages(world: DisturbedWorld): void {
  describe("a host outlives its servers", () => {
    const [topic, added] = [uniqueName("out"), uniqueName("added")];
    const key = uniqueName("outages");
    const servers = world.useClients();
    let etcd: Etcd3;
    let host: TestHost;
    let sent = 0;

    beforeAll(async () => {
      etcd = new Etcd3({ hosts: [...world.stack.etcd.endpoints] });
      await Promise.all([topic, added].map((name) => servers.kafka.createTopic(name, 2)));
    }, 720_000);
    afterAll(async () => {
      await host?.[Symbol.asyncDispose]();
      etcd?.close();
    });

    /** The failing checks of /readyz; empty if ready. */
    async function failing(): Promise<string[]> {
      const answer = await host.fetch("/readyz");
      const { checks } = (await answer.json()) as { checks: Record<string, { ok: boolean }> };
      const names = Object.entries(checks).flatMap(([name, { ok }]) => (ok ? [] : [name]));
      expect(answer.status).toBe(names.length === 0 ? 200 : 503);
      return names;
    }

    const untilFailing = (...names: string[]) =>
      eventually(
        `failing: ${names.join() || "nothing"}`,
        async () => (await failing()).join() === names.join(),
        60_000,
      );

    /** Sends until Kafka acknowledges. If an acknowledgement is lost, a line may be in Kafka twice. */
    async function send(count: number): Promise<void> {
      const lines = Array.from({ length: count }, (_, n) => ({ value: `line ${sent + n}` }));
      await eventually(
        "Kafka has acknowledged",
        async () => {
          await servers.kafka.produce(topic, lines);
          return true;
        },
        360_000,
      );
      sent += count;
    }

    /** Keeps sending while the server is down, and until it is back. */
    async function sendDuring(outage: () => Promise<void>): Promise<void> {
      const over = new AbortController();
      const sending = (async () => {
        while (!over.signal.aborted) {
          await send(20);
          await Bun.sleep(50);
        }
      })();
      try {
        await outage();
      } finally {
        over.abort();
        await sending;
      }
    }

    /** Every record in Kafka is a document, once. */
    async function expectAllOnce(): Promise<void> {
      const ends = await servers.kafka.ends(topic);
      await eventually(
        "everything is committed",
        async () => Bun.deepEquals(await servers.kafka.committed(servers.config.kafka.group, topic), ends),
        60_000,
      );
      const records = ends.values().reduce((sum, end) => sum + end, 0);
      expect(records).toBeGreaterThanOrEqual(sent);
      // An _id identifies one record, so equal counts of documents and records mean every record once.
      expect(await servers.elasticsearch.count(topic)).toBe(records);
    }

    test("Elasticsearch is down at the start: the host answers, says so, and continues by itself", async () => {
      await world.stack.elasticsearch.kill();
      await send(100);
      host = await startTestHost({
        ...servers.config,
        etcd: { endpoints: world.stack.etcd.endpoints, keys: [key] },
        topics: [topic],
      });
      expect((await host.fetch("/healthz")).status).toBe(200);
      await untilFailing("elasticsearch");
      const { reason } = await host.untilTopic(topic, "has failed", ({ state }) => state === "failed");
      expect(reason).toContain("the index template could not be set up");
      await world.stack.elasticsearch.start();
      await host.untilIndexed(topic, 100, 60_000);
      await untilFailing();
      await expectAllOnce();
    }, 720_000);

    test("Elasticsearch is killed under load", async () => {
      await sendDuring(async () => {
        await host.untilTopic(topic, "is under load", ({ counts }) => counts.indexed > 300);
        await world.stack.elasticsearch.kill();
        await untilFailing("elasticsearch");
        const { reason } = await host.untilTopic(topic, "says why", (status) => status.reason !== null);
        expect(reason).toContain("retrying since ");
        await world.stack.elasticsearch.start();
      });
      await untilFailing();
      await expectAllOnce();
      expect((await host.untilTopic(topic, "runs", ({ state }) => state === "running")).reason).toBeNull();
    }, 720_000);

    test("Kafka is restarted under load", async () => {
      const before = (await host.untilTopic(topic, "runs", ({ state }) => state === "running")).counts
        .indexed;
      await sendDuring(async () => {
        await host.untilTopic(topic, "is under load", ({ counts }) => counts.indexed > before + 300);
        await world.stack.kafka.stop();
        await untilFailing("kafka");
        await world.stack.kafka.start();
      });
      await untilFailing();
      await expectAllOnce();
    }, 720_000);

    test("etcd is killed: its topics keep running, and later changes are seen", async () => {
      await etcd.put(key).value(JSON.stringify([added]));
      await host.untilTopic(added, "runs", ({ state }) => state === "running");
      await world.stack.etcd.kill();
      await untilFailing("etcd");
      await servers.kafka.produce(added, [{ value: "while etcd is away" }]);
      await host.untilIndexed(added, 1);
      await send(10);
      await expectAllOnce();

      await world.stack.etcd.start();
      await untilFailing();
      await etcd.put(key).value("[]");
      await eventually(
        "the topic stopped",
        async () => !(await host.topics()).some((status) => status.topic === added),
      );
    }, 480_000);

    test("Kafka is frozen: a host that has committed everything still stops cleanly", async () => {
      await host.untilCaughtUp(topic, 2);
      world.stack.kafka.freeze();
      try {
        expect(await host.stop()).toBe(0);
        expect(host.log().at(-1)).toMatchObject({ msg: "stopped", clean: true });
      } finally {
        world.stack.kafka.thaw();
      }
    }, 240_000);
  });
}
