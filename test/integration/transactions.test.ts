import { describe, expect, test } from "bun:test";
import { startTestHost } from "../support/host.ts";
import { transactWithJava } from "../support/java-producer.ts";
import { uniqueName } from "../support/kafka.ts";
import { useStack } from "../support/stack-clients.ts";

/** Written by Java's own producer, and read like its consumer at read_committed. */
describe("transactions", () => {
  const servers = useStack();

  /** The indexed values of a topic with these steps, once its group has reached the topic's end. */
  async function indexedOf(steps: readonly string[], logStart = 0): Promise<string[]> {
    const topic = uniqueName("transactions");
    await servers.kafka.createTopic(topic);
    await transactWithJava(servers.addresses.brokers, topic, steps);
    if (logStart > 0) {
      await servers.kafka.deleteBelow(topic, logStart);
    }
    const end = (await servers.kafka.ends(topic)).get(0);
    await using host = await startTestHost({ ...servers.config, topics: [topic] });
    await host.untilTopic(
      topic,
      "has lag 0 at the very end",
      ({ partitions }) => partitions[0]?.committed === end && partitions[0]?.lag === 0,
    );
    const found = await servers.elasticsearch.documents(topic);
    return found.map(({ _source }) => String(_source["message"])).sort();
  }

  test("aborted records are not indexed, and markers at the end are no lag", async () => {
    const steps = ["A:begin", "A:send:kept 1", "A:commit", "A:begin", "A:send:aborted", "A:abort"];
    expect(await indexedOf([...steps, "A:begin", "A:send:kept 2", "A:commit"])).toEqual(["kept 1", "kept 2"]);
  }, 240_000);

  test("two aborted transactions that began before the first fetch both stay out", async () => {
    const begun = ["A:begin", "A:send:a1", "B:begin", "B:send:b1"];
    const open = ["B:send:b2", "A:send:a2"];
    const ended = ["A:abort", "B:abort", "A:begin", "A:send:kept", "A:commit"];
    expect(await indexedOf([...begun, ...open, ...ended], begun.length / 2)).toEqual(["kept"]);
  }, 240_000);

  test("aborted transactions that end in another order than they began all stay out", async () => {
    const begun = [
      "A:begin",
      "A:send:a1",
      "B:begin",
      "B:send:b1",
      "A:send:a2",
      "B:abort",
      "A:send:a3",
      "A:abort",
    ];
    expect(await indexedOf([...begun, "C:begin", "C:send:kept", "C:commit"])).toEqual(["kept"]);
  }, 240_000);

  test("a record whose key looks like an abort marker ends no transaction", async () => {
    const steps = ["A:begin", "A:send:a1", "A:send0:a2", "A:send:a3", "A:abort"];
    expect(await indexedOf([...steps, "A:begin", "A:send0:kept", "A:commit"])).toEqual(["kept"]);
  }, 240_000);

  test("a topic with only aborted records is read to its end", async () => {
    expect(await indexedOf(["A:begin", "A:send:a1", "A:send:a2", "A:abort"])).toEqual([]);
  }, 240_000);
});
