import { expect, test } from "bun:test";
import { stringify } from "yaml";
import { eventually } from "../support/eventually.ts";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { connectStack } from "../support/stack-clients.ts";

const HOUR = 3_600_000;

test("topics begin at a time or an age, at Kafka's timestamps of either kind; one without says so, as one does of the future", async () => {
  await using servers = await connectStack();
  const { kafka, elasticsearch } = servers;
  const now = Date.now();
  const [timed, aged, appended, untimed, future] = [
    uniqueName("timed"),
    uniqueName("aged"),
    uniqueName("appended"),
    uniqueName("untimed"),
    uniqueName("future"),
  ];
  const config = { "message.timestamp.type": "LogAppendTime" };
  await Promise.all([
    ...[timed, aged, untimed, future].map((topic) => kafka.createTopic(topic, 3)),
    kafka.createTopic(appended, 1, config),
  ]);
  const at = (partition: number, hoursAgo: number) => ({
    partition,
    value: `${hoursAgo} h ago`,
    timestamp: String(now - hoursAgo * HOUR),
  });
  const aDay = [0, 1].flatMap((partition) => Array.from({ length: 10 }, (_, n) => at(partition, 10 - n)));
  await kafka.produce(timed, aDay);
  await kafka.produce(aged, aDay);
  await kafka.produce(untimed, [{ partition: 0, value: "when?", timestamp: "-1" }]);
  await kafka.produce(future, [at(0, 1)]);
  await kafka.produce(appended, [at(0, 1)]);
  const between = new Date(Date.now() + 1).toISOString();
  await Bun.sleep(5);
  await kafka.produce(appended, [at(0, 1)]);

  const startAt = new Date(now - 3.5 * HOUR).toISOString();
  const topics = [
    { topic: timed, startAt },
    { topic: aged, startAt: "-150m" },
    { topic: appended, startAt: between },
    { topic: untimed, startAt },
    { topic: future, startAt: "2999-01-01T00:00:00Z" },
  ];
  const text = stringify({ http: { port: 0 }, ...servers.config, topics });
  // As people write it, without quotes.
  expect(text).toContain(`startAt: ${startAt}\n`);
  await using host = await startTestHost(text);
  const begun = [
    [timed, 6],
    [aged, 4],
    [appended, 1],
  ] as const;
  for (const [topic, count] of begun) await host.untilIndexed(topic, count);
  const why = (topic: string, words: string) =>
    host.untilTopic(topic, "says why", ({ reason }) => reason?.includes(words) === true);
  await why(untimed, "its records have no timestamps");
  await why(future, "startAt 2999-01-01T00:00:00Z is in the future");
  // All partitions have begun, also those without a record of that time, and once.
  await eventually("all is committed", async () => {
    const commits = [...(await kafka.committed(servers.config.kafka.group, timed)).values()];
    return commits.join() === "10,10,0";
  });
  expect(await host.stop()).toBe(0);
  for (const [topic, count] of begun) expect(await elasticsearch.count(topic)).toBe(count);
  await kafka.produce(aged, [at(2, 5)]);
  await using again = await startTestHost(text);
  await again.untilIndexed(aged, 1);
  expect(await elasticsearch.count(aged)).toBe(5);
}, 240_000);
