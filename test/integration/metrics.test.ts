import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { AssignerProtocol } from "kafkajs";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { useStack } from "../support/stack-clients.ts";

const PARTITIONS = 5;
const all = Array.from({ length: PARTITIONS }, (_, partition) => partition);
const shared = uniqueName("metrics-shared");
const other = uniqueName("metrics-other");

const servers = useStack();
let hosts: readonly [TestHost, TestHost];

beforeAll(async () => {
  await Promise.all([servers.kafka.createTopic(shared, PARTITIONS), servers.kafka.createTopic(other)]);
  const config = { ...servers.config, topics: [shared, other] };
  hosts = await Promise.all([startTestHost(config), startTestHost(config)]);
}, 240_000);
afterAll(() => Promise.all(hosts.map((host) => host[Symbol.asyncDispose]())));

/** The samples of `GET /metrics`. */
async function samplesOf(host: TestHost): Promise<string[]> {
  const text = await (await host.fetch("/metrics")).text();
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

/** The partitions of the shared topic for which a host reports lag. */
async function laggingOf(host: TestHost): Promise<number[]> {
  const prefix = `penstock_consumer_lag{topic="${shared}",partition="`;
  const found = (await samplesOf(host)).filter((line) => line.startsWith(prefix));
  return found.map((line) => Number.parseInt(line.slice(prefix.length), 10)).toSorted((a, b) => a - b);
}

/** The partitions of each member of the topic's group, according to the broker. */
async function assignedByKafka(): Promise<number[][]> {
  const [group] = await servers.kafka.groups([servers.config.kafka.group]);
  return (group?.members ?? []).map(({ memberAssignment }) => {
    const partitions = AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment[shared] ?? [];
    return partitions.toSorted((a, b) => a - b);
  });
}

describe("two hosts that share a topic", () => {
  test("report the lag of exactly their own partitions", async () => {
    await eventually("both own a part, and tell what Kafka assigned to them", async () => {
      const [one = [], two = []] = await Promise.all(hosts.map(laggingOf));
      const each = [...one, ...two].toSorted((a, b) => a - b);
      if (one.length === 0 || two.length === 0 || each.join() !== all.join()) return false;
      const assigned = await assignedByKafka();
      expect(assigned).toHaveLength(2);
      expect(assigned).toContainEqual(one);
      expect(assigned).toContainEqual(two);
      return true;
    });
  }, 240_000);

  test("count every record once between them, by outcome", async () => {
    const messages = all.flatMap((partition) => [1, 2, 3].map((n) => ({ partition, value: `line ${n}` })));
    await servers.kafka.produce(shared, messages);
    const counted = await eventually("all are indexed", async () => {
      const samples = (await Promise.all(hosts.map(samplesOf))).flat();
      const sum = (name: string): number =>
        samples
          .filter((line) => line.startsWith(`penstock_${name}`) && line.includes(`topic="${shared}"`))
          .reduce((total, line) => total + Number(line.split(" ").at(-1)), 0);
      const counts = { indexed: sum("documents_total"), lag: sum("consumer_lag{") };
      return counts.indexed === messages.length && counts.lag === 0 ? { samples, sum } : null;
    });
    // A partition that moves takes some along.
    expect(counted.sum("records_consumed_total")).toBeGreaterThanOrEqual(messages.length);
    expect(
      counted.samples.filter((line) => line.includes('outcome="indexed"') && !line.endsWith(" 0")),
    ).toHaveLength(2);
    // A busy server may have been asked in vain just now.
    await eventually("all checks are ok", async () => {
      const checks = (await Promise.all(hosts.map(samplesOf)))
        .flat()
        .filter((line) => line.startsWith("penstock_check_ok"));
      return checks.length > 0 && checks.every((line) => !line.endsWith(" 0"));
    });
  }, 240_000);

  test("of which one stops: the other reports all partitions", async () => {
    hosts[1].signal("SIGTERM");
    expect(await hosts[1].exited).toBe(0);
    await eventually(
      "the first host tells all partitions",
      async () => (await laggingOf(hosts[0])).join() === all.join(),
    );
    expect(await assignedByKafka()).toEqual([all]);
  }, 240_000);

  test("and a removed topic leaves no series; the other keeps all of its own", async () => {
    const [host] = hosts;
    const namesOf = (samples: readonly string[], topic: string): string[] =>
      samples.filter((line) => line.includes(`topic="${topic}"`)).map((line) => line.replace(/ \S+$/, ""));
    const lag = `penstock_consumer_lag{topic="${other}",partition="0"}`;
    const before = await eventually(
      "the other's lag is told: it may have been rebalanced just now",
      async () => {
        const names = namesOf(await samplesOf(host), other);
        return names.includes(lag) ? names : null;
      },
    );
    expect(before).toContain(`penstock_topic_state{topic="${other}",state="running"}`);
    await host.writeConfig({ ...servers.config, topics: [other] });
    const left = await eventually("no topic but the other is told of", async () => {
      const samples = await samplesOf(host);
      return samples.some((line) => line.includes(shared)) ? null : samples;
    });
    expect(namesOf(left, other).toSorted()).toEqual(before.toSorted());
  }, 240_000);
});
