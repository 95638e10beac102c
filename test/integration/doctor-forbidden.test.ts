import { afterAll, beforeAll, expect, test } from "bun:test";
import { AclOperationTypes, AclResourceTypes } from "kafkajs";
import { diagnosed } from "../support/doctor-command.ts";
import { freePort } from "../support/etcd-server.ts";
import { uniqueName } from "../support/kafka.ts";
import { forbid, type RuledKafka, startRuledKafka } from "../support/kafka-rules.ts";
import { testStack } from "../support/stack.ts";

let ruled: RuledKafka;

beforeAll(async () => {
  ruled = await startRuledKafka();
}, 480_000);
afterAll(() => ruled?.[Symbol.asyncDispose]());

test("a group that may be described but not joined is named", async () => {
  const topic = uniqueName("alone");
  await ruled.kafka.createTopic(topic);
  await ruled.kafka.produce(topic, [{ value: "a line" }]);
  const group = uniqueName("forbidden");
  const operation = AclOperationTypes.READ;
  await forbid(ruled.admin, { type: AclResourceTypes.GROUP, name: group, operation });
  const { elasticsearchNode } = await testStack();
  const { troubles } = await diagnosed({
    http: { port: await freePort() },
    kafka: { brokers: ruled.kafka.brokers, group },
    elasticsearch: { nodes: [elasticsearchNode] },
    deadLetters: { topic: uniqueName("dead") },
    topics: [topic],
  });
  expect(troubles).toContainEqual(
    expect.objectContaining({
      name: `group ${group}`,
      state: "failed",
      seen: expect.stringContaining("Kafka does not let this user join it") as string,
    }),
  );
}, 240_000);

test("each missing Kafka permission is named, with the grant to make", async () => {
  const [unreadable, unseen, group, fine] = ["unreadable", "unseen", "ungrouped", "fine"].map(uniqueName);
  const deadLetters = uniqueName("dead");
  if (!unreadable || !unseen || !group || !fine) throw new Error("no names");
  for (const topic of [unreadable, unseen, fine]) {
    await ruled.kafka.createTopic(topic);
    await ruled.kafka.produce(topic, [{ value: "a line" }]);
  }
  const { TOPIC, GROUP } = AclResourceTypes;
  await forbid(
    ruled.admin,
    { type: TOPIC, name: unreadable, operation: AclOperationTypes.READ },
    { type: TOPIC, name: unseen, operation: AclOperationTypes.DESCRIBE },
    { type: TOPIC, name: unreadable, operation: AclOperationTypes.DESCRIBE_CONFIGS },
    { type: GROUP, name: group, operation: AclOperationTypes.DESCRIBE },
    { type: TOPIC, name: deadLetters, operation: AclOperationTypes.CREATE },
    { type: AclResourceTypes.CLUSTER, name: "kafka-cluster", operation: AclOperationTypes.CREATE },
  );

  const { elasticsearchNode } = await testStack();
  const { code, troubles, find } = await diagnosed({
    http: { port: await freePort() },
    kafka: { brokers: ruled.kafka.brokers, group },
    elasticsearch: { nodes: [elasticsearchNode] },
    deadLetters: { topic: deadLetters },
    topics: [unreadable, unseen, fine],
  });
  expect(code).toBe(1);
  const text = (part: string | RegExp): string => expect.stringMatching(part);
  const wanted = [
    { name: `topic ${unseen}`, state: "warning", remedy: text("grant DESCRIBE and READ") },
    { name: "retention", state: "warning", seen: text(unreadable), remedy: text("DESCRIBE_CONFIGS") },
    { name: `group ${group}`, state: "failed", seen: text(/authori/i), remedy: text("kafka.group") },
    { name: `reading ${unreadable}`, state: "failed", seen: text(/authori/i), remedy: text("grant READ") },
    {
      name: `dead-letter topic ${deadLetters}`,
      state: "failed",
      seen: text(/authori/i),
      remedy: text("CREATE"),
    },
  ];
  expect(troubles).toEqual(expect.arrayContaining(wanted.map((check) => expect.objectContaining(check))));
  expect(troubles).toHaveLength(wanted.length);
  expect(find("reading")).toMatchObject({ state: "ok", seen: text(fine) });
  expect(await ruled.admin.listTopics()).not.toContain(deadLetters);
  const { groups } = await ruled.admin.listGroups();
  expect(groups.map(({ groupId }) => groupId)).toEqual([]);
}, 240_000);
