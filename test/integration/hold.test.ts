import { expect, test } from "bun:test";
import type { HoldResult } from "../../functions/hold-topics.ts";
import type { ListedTopic } from "../../lib/rules/progress/holdings.ts";
import { orderGroup } from "../../lib/rules/offsets/order-groups.ts";
import { runCommand } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import {
  expectEachOffsetOnce,
  expectSameMembers,
  memberIds,
  reconcile,
  untilRunning,
} from "../support/reload.ts";
import { useStack } from "../support/stack-clients.ts";
import { produceSteadily } from "../support/steady-producer.ts";

const servers = useStack();

async function createTopics(...partitions: number[]): Promise<string[]> {
  const topics = partitions.map(() => uniqueName("hold"));
  await Promise.all(topics.map((topic, n) => servers.kafka.createTopic(topic, partitions[n])));
  return topics;
}

/** A group of its own for each test: an order concerns all hosts of a group. */
const configOf = (topics: readonly unknown[]) => ({
  ...servers.config,
  kafka: { ...servers.config.kafka, group: uniqueName("hold") },
  topics,
});

type Config = ReturnType<typeof configOf>;

const offsetsOf = async ({ kafka }: Config, topic: string): Promise<unknown> =>
  Object.fromEntries(await servers.kafka.committed(kafka.group, topic));

const order = (config: Config, ...args: string[]) => runCommand("topics", config, [...args, "--json"]);

/** On a busy machine, hosts may follow later than the command waits: then the order is withdrawn and given anew. */
const followed = (
  config: Config,
  verb: "hold" | "release",
  topic: string,
  ...args: string[]
): Promise<HoldResult> =>
  eventually(
    `hosts follow: ${verb}`,
    async () => {
      const { code, out, error } = await order(config, verb, topic, ...args);
      const [result] = out === "" ? [] : (JSON.parse(out) as { topics: HoldResult[] }).topics;
      if (code === 0 && error === "" && result !== undefined) return result;
      await order(config, verb === "hold" ? "release" : "hold", topic);
      throw new Error(`${code} ${out}${error}`);
    },
    60_000,
  );

const untilHeld = (host: TestHost, topic: string): Promise<ListedTopic> =>
  host.untilTopic(topic, "is held", ({ state }) => state === "held");

async function post(host: TestHost, path: string, body: object = {}) {
  const answer = await host.fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as HoldResult & { readonly detail?: string } };
}

/** Everything indexed once, with this config's group. */
const expectAllOnce = (config: Config, topics: readonly string[]) =>
  expectEachOffsetOnce({ ...servers, config }, topics, topics.join(","), 60_000);

test("a topic is held and released under load on two hosts; the other topic goes on; kills and restarts change nothing", async () => {
  const [held = "", other = ""] = await createTopics(3, 2);
  const config = configOf([held, other]);
  const loads = [held, other].map((topic) => produceSteadily(servers.kafka, topic));
  const hosts = [await startTestHost(config), await startTestHost(config)];
  try {
    await Promise.all(hosts.map((host) => untilRunning(host, held, other)));
    await eventually("the topic is read", async () => {
      const committed = await servers.kafka.committed(config.kafka.group, held);
      return [...committed.values()].some((offset) => offset > 0);
    });
    /** Which partitions each host reads of the other topic. */
    const shares = (): Promise<string[]> =>
      Promise.all(
        hosts.map(async (host) => {
          const status = await host.untilTopic(other, "runs", ({ state }) => state === "running");
          return status.partitions.flatMap(({ partition, owned }) => (owned ? partition : [])).join();
        }),
      );
    await eventually("each host reads a partition", async () => !(await shares()).includes(""));
    const members = await memberIds({ ...servers, config });
    const shared = await shares();

    const result = await followed(config, "hold", held, "--reason", "reindexing", "--by", "alice");
    expect(result).toMatchObject({ topic: held, action: "held", waiting: [], hosts: 2 });
    const stays = await offsetsOf(config, held);
    const since = result.hold?.since ?? "";
    const expectHeld = async (host: TestHost): Promise<ListedTopic> => {
      const status = await untilHeld(host, held);
      expect(status).toMatchObject({
        reason: "held by alice: reindexing",
        since,
        hold: { from: "order", by: "alice", since, reason: "reindexing" },
      });
      return status;
    };
    await Promise.all(hosts.map(expectHeld));

    // Nothing but the topic changed: neither the membership nor the other topic.
    if (await expectSameMembers({ ...servers, config }, members, ...hosts))
      expect(await shares()).toEqual(shared);
    const before = await offsetsOf(config, other);
    await eventually("the other topic goes on", async () =>
      Bun.deepEquals(before, await offsetsOf(config, other)) ? null : true,
    );
    for (const host of hosts) {
      expect(host.log().filter(({ level }) => level === "error")).toEqual([]);
      await host.untilReady();
    }

    // The lag stays true although nothing is fetched.
    const lagOf = async (): Promise<number> => {
      const all = await Promise.all(hosts.map((host) => untilHeld(host, held)));
      return all
        .flatMap(({ partitions }) => partitions)
        .reduce((sum, { owned, lag }) => sum + (owned ? (lag ?? 0) : 0), 0);
    };
    const lag = await lagOf();
    await eventually("its lag grows", async () => (await lagOf()) > lag + 20, 30_000);

    // A rebalance while it is held, by a host that is killed, and one that stops; then new ones.
    hosts[0]?.signal("SIGKILL");
    await hosts[0]?.exited;
    hosts[0] = await startTestHost(config);
    await expectHeld(hosts[0]);
    hosts[1]?.signal("SIGTERM");
    expect(await hosts[1]?.exited).toBe(0);
    hosts[1] = await startTestHost(config);
    await expectHeld(hosts[1]);
    await eventually("all partitions are held by somebody", async () => {
      const all = await Promise.all(hosts.map((host) => untilHeld(host, held)));
      return all.flatMap(({ partitions }) => partitions).filter(({ owned }) => owned).length === 3;
    });
    expect(await offsetsOf(config, held)).toEqual(stays);
    expect(
      (await Promise.all(hosts.map((host) => untilHeld(host, held)))).map(({ counts }) => counts.indexed),
    ).toEqual([0, 0]);

    const again = await order(config, "hold", held, "--by", "bob");
    expect(again.code).toBe(0);
    expect(JSON.parse(again.out)).toMatchObject({
      topics: [{ action: "unchanged", hold: { by: "alice", since } }],
    });

    const released = await followed(config, "release", held, "--by", "carol");
    expect(released).toMatchObject({ action: "released", hold: null, waiting: [] });
    await eventually("a host tells who released it", () => {
      const told = hosts.flatMap((host) => host.log()).filter(({ msg }) => msg === "a topic was released");
      return told.some(({ by }) => by === "carol");
    });
    await Promise.all(hosts.map((host) => untilRunning(host, held)));
    await Promise.all(loads.map((load) => load.stop()));
    await expectAllOnce(config, [held, other]);
  } finally {
    await Promise.all([
      ...loads.map((load) => load.stop()),
      ...hosts.map((host) => host[Symbol.asyncDispose]()),
    ]);
  }
}, 720_000);

test("a declaration holds a topic from the beginning, live and without a replacement; an order does not release it", async () => {
  const [topic = "", fresh = "", other = ""] = await createTopics(1, 1, 1);
  const entries = (hold: boolean) => [{ topic, hold }, { topic: fresh, hold, startAt: "latest" }, other];
  const config = configOf(entries(true));
  await servers.kafka.produce(topic, [{ value: "before the first start" }]);
  await servers.kafka.produce(fresh, [{ value: "before latest" }]);
  await using host = await startTestHost(config);
  await untilRunning(host, other);
  const status = await host.untilTopic(
    topic,
    "is held, with its lag",
    ({ state, partitions }) => state === "held" && partitions[0]?.lag === 1,
  );
  expect(status).toMatchObject({
    reason: `held by entry 1 of ${host.configPath}`,
    hold: { from: "declaration", reason: null },
    partitions: [{ owned: true, committed: null, lag: 1 }],
  });
  // "latest" is the end of the log when the topic was declared: what comes while it is held is read later.
  await host.untilTopic(fresh, "has its position", ({ partitions }) => partitions[0]?.committed === 1);
  await servers.kafka.produce(fresh, [{ value: "while held" }]);

  expect(await post(host, `/topics/${topic}/release`)).toMatchObject({
    status: 409,
    body: {
      action: "refused",
      detail: `topic "${topic}" is held by entry 1 of ${host.configPath}: remove \`hold: true\` there.`,
    },
  });
  // Also an order holds it: each has to be taken back by itself.
  expect(await post(host, `/topics/${topic}/hold`, { by: "carol" })).toMatchObject({
    status: 200,
    body: { action: "held", hold: { by: "carol" } },
  });
  await host.writeConfig({ ...config, topics: entries(false) });
  await host.untilIndexed(fresh, 1);
  expect((await untilHeld(host, topic)).hold).toMatchObject({ from: "order", by: "carol" });
  expect(await post(host, `/topics/${topic}/release`)).toMatchObject({
    status: 200,
    body: { action: "released" },
  });
  await host.untilIndexed(topic, 1);
  expect(await post(host, `/topics/${topic}/release`)).toMatchObject({
    status: 200,
    body: { action: "unchanged" },
  });
  const plan = await reconcile(host, "?dryRun=true");
  expect([plan.plan.start, plan.plan.stop, plan.plan.replace]).toEqual([[], [], []]);
  expect(
    host
      .log()
      .filter(({ msg }) => msg === "reconciled")
      .flatMap(({ replaced }) => replaced),
  ).toEqual([]);
}, 480_000);

test("what cannot be held is refused with its reason; an order waits where no host runs; a deleted topic comes back held", async () => {
  const [topic = ""] = await createTopics(1);
  const missing = uniqueName("missing");
  const config = configOf([topic, missing]);
  const refused = await order(config, "hold", topic, missing, "unknown", "--by", "dave");
  expect(refused.code).toBe(1);
  expect((JSON.parse(refused.out) as { topics: HoldResult[] }).topics).toMatchObject([
    { topic, action: "held", hosts: 0 },
    { action: "refused", message: expect.stringContaining("does not exist in Kafka") },
    { action: "undeclared", message: 'topic "unknown" is not declared, so no host reads it' },
  ]);
  await servers.kafka.produce(topic, [{ value: "while held" }]);
  await using host = await startTestHost(config);
  const { since } = await untilHeld(host, topic);
  expect(await post(host, `/topics/${missing}/hold`)).toMatchObject({
    status: 409,
    body: { action: "refused" },
  });
  expect(await post(host, "/topics/unknown/hold")).toMatchObject({ status: 404 });
  expect(await post(host, `/topics/${topic}/hold`, { why: "x" })).toMatchObject({ status: 400 });

  await servers.kafka.deleteTopic(topic);
  const pending = await host.untilTopic(topic, "is gone", ({ state }) => state === "pending", 30_000);
  expect(pending.reason).toEndWith("; held by dave");
  await servers.kafka.createTopic(topic, 1);
  await servers.kafka.produce(topic, [{ value: "of the new topic" }]);
  expect((await untilHeld(host, topic)).since).toBe(since);
  // The host writes the order again, which Kafka had deleted with the topic.
  const orders = orderGroup(config.kafka.group, "holds");
  await eventually(
    "the order is in Kafka again",
    async () => (await servers.kafka.committed(orders, topic)).get(0) === 0,
  );
  const again = await order(config, "hold", topic);
  expect(JSON.parse(again.out)).toMatchObject({ topics: [{ action: "unchanged", hold: { by: "dave" } }] });
  expect(JSON.parse((await order(config, "release", topic)).out)).toMatchObject({
    topics: [{ action: "released" }],
  });
  await host.untilIndexed(topic, 1);
}, 480_000);
