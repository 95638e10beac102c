import { beforeAll, describe, expect, test } from "bun:test";
import type { TopicState } from "../../lib/rules/progress/status.ts";
import { diagnosed } from "../support/doctor-command.ts";
import { freePort } from "../support/etcd-server.ts";
import { eventually } from "../support/eventually.ts";
import { kafka23Versions, startFakeBrokers } from "../support/fake-brokers.ts";
import { startTestMember } from "../support/group-member.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { joinWithJava } from "../support/java-producer.ts";
import { uniqueName } from "../support/kafka.ts";
import { useStack } from "../support/stack-clients.ts";

const servers = useStack();
let httpPort: number;

beforeAll(async () => {
  httpPort = await freePort();
});

async function topicOf(partitions: number): Promise<string> {
  const topic = uniqueName("limits");
  await servers.kafka.createTopic(topic, partitions);
  return topic;
}

const configOf = (kafka: object, topic: string) => ({
  ...servers.config,
  kafka: { ...servers.config.kafka, ...kafka },
  topics: [topic],
});

/** Waits until `GET /topics` and `GET /readyz` say why nothing is read. */
async function saysWhy(host: TestHost, topic: string, reason: string, state: TopicState): Promise<void> {
  await host.untilTopic(
    topic,
    `is ${state} and says why`,
    (status) => status.state === state && status.reason?.includes(reason) === true,
  );
  const text = await eventually("readiness says why", async () => {
    const answer = await host.fetch("/readyz");
    return answer.status === 503 && (await answer.text());
  });
  expect((JSON.parse(text) as { checks: { kafka: unknown } }).checks.kafka).toMatchObject({
    ok: false,
    reason: expect.stringContaining(reason) as string,
  });
}

/** Waits until nothing blocks it any more. */
async function reads(host: TestHost, topic: string): Promise<void> {
  await servers.kafka.produce(topic, [{ value: "a line" }]);
  await host.untilTopic(
    topic,
    "reads",
    ({ state, counts }) => state === "running" && counts.indexed > 0,
    25_000,
  );
  await host.untilReady();
}

async function doctorSays(config: object, check: string, wanted: object): Promise<void> {
  const { find } = await diagnosed({ ...config, http: { port: httpPort } });
  expect(find(check)).toMatchObject(wanted);
}

const text = (part: string): string => expect.stringContaining(part) as string;

describe("a group in use by others is reported in /topics, /readyz and by doctor, and joined once it is free:", () => {
  test("by a consumer with another assignment strategy", async () => {
    const [topic, group] = [await topicOf(2), uniqueName("taken")];
    const config = configOf({ group }, topic);
    const stranger = servers.kafka.kafka.consumer({ groupId: group });
    await stranger.connect();
    await stranger.subscribe({ topics: [topic] });
    await stranger.run({ eachMessage: () => Promise.resolve() });
    const state = async () => (await servers.kafka.groups([group]))[0]?.state;
    await eventually("the stranger is there", async () => (await state()) === "Stable");
    await using host = await startTestHost(config);
    await saysWhy(
      host,
      topic,
      `group ${group} is used by another client ("test" at 127.0.0.1), which`,
      "failed",
    );
    await doctorSays(config, `group ${group}`, {
      state: "failed",
      seen: "another client uses it: test",
    });
    await stranger.disconnect();
    await reads(host, topic);
  }, 240_000);

  test("by a client that is not a consumer", async () => {
    const [topic, group] = [await topicOf(1), uniqueName("taken")];
    const config = configOf({ group }, topic);
    await using other = startTestMember({ brokers: servers.kafka.brokers, groupId: group, host: "other" });
    const how = { lane: "questions", timeoutMs: 30_000 } as const;
    const { nodeId } = await other.wire.call(null, "FindCoordinator", { groupId: group }, how);
    const join = async (memberId: string) =>
      other.wire.call(
        nodeId,
        "JoinGroup",
        {
          groupId: group,
          // Without a heartbeat it must outlast the start of a host, and a doctor.
          sessionTimeoutMs: 600_000,
          rebalanceTimeoutMs: 600_000,
          memberId,
          protocolType: "connect" as "consumer",
          protocols: [{ name: "sessioned", metadata: new Uint8Array() }],
        },
        how,
      );
    const { memberId } = await join("");
    const { generation } = await join(memberId);
    const token = { groupId: group, memberId, generation };
    await other.wire.call(nodeId, "SyncGroup", { ...token, assignments: [] }, how);

    await using host = await startTestHost(config);
    await saysWhy(host, topic, `group ${group} is used by another client, which assigns`, "failed");
    await doctorSays(config, `group ${group}`, { state: "failed", seen: text(`type is "connect"`) });
    await other.wire.call(nodeId, "LeaveGroup", token, how);
    await reads(host, topic);
  }, 240_000);

  test("by a consumer of Kafka's newer protocol, which keeps its partitions", async () => {
    const [topic, group] = [await topicOf(4), uniqueName("taken")];
    const config = configOf({ group }, topic);
    await using stranger = await joinWithJava(servers.kafka.brokers, group, topic);
    await eventually("the stranger has all", () => stranger.held.at(-1) === 4, 30_000);
    await using host = await startTestHost(config);
    await saysWhy(host, topic, `the group ${group} is used by consumers of Kafka's newer protocol`, "failed");
    await doctorSays(config, `group ${group}`, { state: "warning", seen: text("(group.protocol=consumer)") });
    expect(stranger.held.slice(stranger.held.indexOf(4))).toEqual([4]);
    await stranger.leave();
    await reads(host, topic);
  }, 360_000);
});

test("a broker older than 2.4 is reported in /topics, /readyz and by doctor, and used once it is upgraded", async () => {
  const [broker] = await startFakeBrokers(1);
  if (broker === undefined) throw new Error("no broker");
  await using _broker = broker;
  broker.limitVersions(kafka23Versions);
  const topic = uniqueName("limits");
  const config = configOf({ brokers: [broker.address] }, topic);
  const reason = `Kafka at ${broker.address} is older than 2.4`;
  await using host = await startTestHost(config);
  await saysWhy(host, topic, reason, "pending");
  const broken = { state: "failed", seen: text(reason), remedy: "upgrade this broker" };
  await doctorSays(config, `broker ${broker.address}`, broken);
  broker.limitVersions(99);
  // It has no topics.
  await host.untilTopic(
    topic,
    "is looked for",
    ({ reason }) => reason?.startsWith("it does not exist in Kafka") === true,
  );
  await host.untilReady();
}, 240_000);
