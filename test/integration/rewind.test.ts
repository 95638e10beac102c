import { expect, test } from "bun:test";
import type { RewindResult } from "../../functions/rewind-topic.ts";
import { main as audit } from "../../infra/cli/audit.ts";
import { main as topics } from "../../infra/cli/topics.ts";
import { runHere } from "../support/command-here.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { useStack } from "../support/stack-clients.ts";

const servers = useStack();

const MINUTE = 60_000;
/** As of one moment, each of these partitions has a record for each of the last minutes, oldest first. */
const minutes = (now: number, partitions: number, count: number, from = count) =>
  Array.from({ length: partitions }, (_, partition) =>
    Array.from({ length: count }, (__, n) => ({
      partition,
      value: `${partition} ${from - n}`,
      timestamp: String(now - (from - n) * MINUTE),
    })),
  ).flat();

async function rewind(config: object, ...args: string[]): Promise<RewindResult & { readonly code: number }> {
  const { out, error, code } = await runHere(topics, config, ["rewind", ...args, "--json"]);
  if (out === "") throw new Error(`topics rewind ended with ${code}: ${error}`);
  return { ...(JSON.parse(out) as RewindResult), code };
}
/** On a busy machine, owners may follow later than the command waits: then it is ordered again. */
const moved = (config: object, ...args: string[]): Promise<RewindResult> =>
  eventually(
    `it is moved: ${args.join(" ")}`,
    async () => {
      const told = await rewind(config, ...args);
      if (told.action !== "moved") throw new Error(told.message);
      expect(told).toMatchObject({ code: 0, waiting: [] });
      return told;
    },
    60_000,
  );
const movesOf = ({ partitions }: RewindResult) => partitions.map(({ from, to }) => [from, to]);

interface Audited {
  readonly clean: boolean;
  readonly topics: readonly {
    readonly totals: Readonly<Record<string, number>>;
    readonly notes: readonly string[];
  }[];
}
async function audited(config: object, topic: string): Promise<Audited> {
  const { out, error } = await runHere(audit, config, [topic, "--json"]);
  if (out === "") throw new Error(error);
  return JSON.parse(out) as Audited;
}

const committed = async (group: string, topic: string) => [
  ...(await servers.kafka.committed(group, topic)).values(),
];

test.concurrent("two hosts under load: back to a time, to offsets, to the beginning, forward to the end; nothing is doubled or lost", async () => {
  const topic = uniqueName("rewound");
  await servers.kafka.createTopic(topic, 4);
  const config = {
    ...servers.config,
    kafka: { ...servers.config.kafka, group: uniqueName("group") },
    topics: [topic],
  };
  const { group } = config.kafka;
  const now = Date.now();
  await servers.kafka.produce(topic, minutes(now, 4, 200));
  await using one = await startTestHost(config);
  await using two = await startTestHost(config);
  const counted = async (kind: "indexed" | "duplicate") => {
    const both = await Promise.all([one, two].map((host) => host.topics()));
    return both.flat().reduce((sum, { topic: name, counts }) => sum + (name === topic ? counts[kind] : 0), 0);
  };
  const settled = (offset: number) =>
    eventually(
      `all partitions are committed up to ${offset}`,
      async () => (await committed(group, topic)).every((at) => at === offset),
      90_000,
    );
  await settled(200);
  await eventually("both hosts own partitions", async () => {
    const both = await Promise.all([one, two].map((host) => host.topics()));
    return both.every(([status]) => status?.partitions.filter(({ owned }) => owned).length === 2);
  });

  // A dry run changes nothing.
  const planned = await rewind(
    config,
    topic,
    "--to",
    new Date(now - 50.5 * MINUTE).toISOString(),
    "--dry-run",
  );
  expect(planned).toMatchObject({ action: "planned", again: 200, skipped: 0, code: 0 });
  expect(movesOf(planned)).toEqual(Array.from({ length: 4 }, () => [200, 150]));
  expect(await committed(group, topic)).toEqual([200, 200, 200, 200]);

  let loading = true;
  const load = (async () => {
    for (let n = 0; n < 10 || loading; n += 1)
      await servers.kafka.produce(topic, minutes(Date.now(), 4, 20, 0));
  })();
  const toTime = await moved(config, topic, "--to", new Date(now - 50.5 * MINUTE).toISOString());
  for (const [, to] of movesOf(toTime)) expect(to).toBe(150);
  const toOffsets = await moved(config, topic, "--to", '{"0":17,"3":40}');
  expect(movesOf(toOffsets).map(([, to]) => to)).toEqual([17, expect.any(Number), expect.any(Number), 40]);
  await moved(config, topic, "--to", "earliest");
  loading = false;
  await load;
  const [end = 0] = (await servers.kafka.ends(topic)).values();
  await settled(end);
  expect(await counted("duplicate")).toBeGreaterThanOrEqual(1_200);
  // A bulk that is sent again makes some of them duplicates.
  expect(await counted("indexed")).toBeLessThanOrEqual(4 * end);
  expect(await servers.elasticsearch.count(topic.toLowerCase())).toBe(4 * end);
  expect((await audited(config, topic)).topics[0]).toMatchObject({
    verdict: { clean: true },
    totals: { offsets: 4 * end, indexed: 4 * end, skipped: 0 },
  });

  // Forward, without a host that could move it now.
  await Promise.all(
    [one, two].map(async (host) => {
      expect(await host.stop()).toBe(0);
    }),
  );
  await servers.kafka.produce(topic, minutes(Date.now(), 4, 30, 0));
  const waiting = await rewind(config, topic, "--to", "latest");
  expect(waiting).toMatchObject({ action: "waiting", skipped: 120, waiting: [0, 1, 2, 3], code: 1 });
  expect(waiting.message).toContain("no host runs");
  const more = await rewind(config, topic, "--to", "earliest");
  expect(more).toMatchObject({ action: "refused", code: 1 });
  expect(more.message).toContain("is being moved to offset");
}, 960_000);

test.concurrent("a data stream that rolled over, killed while it reads again: the ids of all generations are looked up, nothing is doubled", async () => {
  const topic = uniqueName("stream").toLowerCase().replaceAll("-", "_");
  const dataStream = `logs-${topic}-prod`;
  await servers.kafka.createTopic(topic, 2);
  const { nodes, bulk } = servers.config.elasticsearch;
  const config = {
    ...servers.config,
    kafka: { ...servers.config.kafka, group: uniqueName("group") },
    elasticsearch: { nodes, bulk: { ...bulk, maxDocuments: 100, concurrency: 1 } },
    topics: [{ topic, dataStream }],
  };
  const { group } = config.kafka;
  const now = Date.now();
  const settled = (offset: number) =>
    eventually(
      `all partitions are committed up to ${offset}`,
      async () => (await committed(group, topic)).every((at) => at === offset),
      90_000,
    );
  {
    await using host = await startTestHost(config);
    await servers.kafka.produce(topic, minutes(now, 2, 4_000));
    await settled(4_000);
    await servers.elasticsearch.request("POST", `/${dataStream}/_rollover`);
    await servers.kafka.produce(topic, minutes(now, 2, 1_000));
    await settled(5_000);
    expect(await host.stop()).toBe(0);
  }
  // On a busy machine it may be over before the kill: then it is tried again.
  await eventually("it is killed on its way", async () => {
    await using host = await startTestHost(config);
    await host.untilCaughtUp(topic, 2);
    const told = await rewind(config, topic, "--to", "earliest");
    expect(told).toMatchObject({ action: "moved", again: 10_000 });
    await eventually("it is on its way", async () => {
      const [status] = await host.topics();
      return status !== undefined && status.counts.duplicate > 500;
    });
    host.signal("SIGKILL");
    await host.exited;
    return (await committed(group, topic)).some((offset) => offset < 5_000);
  });
  await servers.elasticsearch.request("POST", `/${dataStream}/_rollover`);
  await using host = await startTestHost(config);
  await settled(5_000);
  expect(await servers.elasticsearch.count(dataStream)).toBe(10_000);
  expect((await audited(config, topic)).topics[0]).toMatchObject({
    verdict: { clean: true, doubles: 0 },
    totals: { offsets: 10_000, indexed: 10_000 },
  });
  const status = await host.untilTopic(topic, "runs", ({ state }) => state === "running");
  expect(status.lost).toEqual([]);
}, 960_000);

test.concurrent("what was skipped, before it began or by a rewind, is listed apart, and indexed once it goes back", async () => {
  const topic = uniqueName("skipping");
  await servers.kafka.createTopic(topic);
  const config = {
    ...servers.config,
    kafka: { ...servers.config.kafka, group: uniqueName("group") },
    topics: [{ topic, startAt: "latest" }],
  };
  const { group } = config.kafka;
  const now = Date.now();
  const settled = (offset: number) =>
    eventually(`it is committed up to ${offset}`, async () => (await committed(group, topic))[0] === offset);
  await servers.kafka.produce(topic, minutes(now, 1, 30));
  {
    await using host = await startTestHost(config);
    await host.untilTopic(topic, "runs", ({ state }) => state === "running");
    await servers.kafka.produce(topic, minutes(now, 1, 10));
    await settled(40);
    expect((await audited(config, topic)).topics[0]?.totals).toMatchObject({ offsets: 10, indexed: 10 });
    await host.stop();
  }
  await servers.kafka.produce(topic, minutes(now, 1, 20));
  // No host runs: it waits for one.
  expect(await rewind(config, topic, "--to", "55")).toMatchObject({
    action: "waiting",
    skipped: 15,
  });
  await using host = await startTestHost(config);
  await settled(60);
  await host.untilIndexed(topic, 5);
  const skipped = await audited(config, topic);
  expect(skipped.clean).toBe(true);
  expect(skipped.topics[0]).toMatchObject({ totals: { offsets: 30, indexed: 15, skipped: 15, gaps: 0 } });
  // Below where it began.
  const answer = await host.fetch(`/topics/${topic}/rewind`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ to: { 0: 25 } }),
  });
  const action = expect.stringMatching(/^(moved|waiting)$/);
  expect([answer.ok, await answer.json()]).toMatchObject([true, { action, again: 35 }]);
  await settled(60);
  await host.untilIndexed(topic, 5 + 35);
  const back = await audited(config, topic);
  expect(back.topics[0]).toMatchObject({ totals: { offsets: 35, indexed: 35, skipped: 0, gaps: 0 } });
  // There may be others: the cluster is shared.
  expect(back.topics[0]?.notes).toContain(
    "partition 0: audited from offset 25, where its group began or went back to",
  );
  expect(await rewind(config, topic, "--to", "latest")).toMatchObject({ action: "unchanged", code: 0 });
}, 960_000);

test.concurrent("what cannot be: each with its reason", async () => {
  const [topic, untimed] = [uniqueName("refusing"), uniqueName("untimed")];
  await servers.kafka.createTopic(topic, 2);
  await servers.kafka.createTopic(untimed);
  await servers.kafka.produce(topic, minutes(Date.now(), 2, 10));
  await servers.kafka.produce(untimed, [{ value: "when?", timestamp: "-1" }]);
  const config = {
    ...servers.config,
    kafka: { ...servers.config.kafka, group: uniqueName("group") },
    topics: [topic, untimed, "not-there"],
  };
  const refusal = async (...args: string[]): Promise<string> => {
    const { error, code } = await runHere(topics, config, ["rewind", ...args]);
    const said = `${code} ${error.trim().split("\n")[0]}`;
    // A busy broker may be late.
    return /no answer in time|did not answer/.test(said) ? refusal(...args) : said;
  };
  const refusals = await Promise.all([
    refusal(topic, "--to", "2999-01-01T00:00:00Z"),
    refusal(topic, "--to", "11", "--partition", "1"),
    refusal(topic, "--to", '{"2":1}'),
    refusal(topic, "--to", "5"),
    refusal(topic, "--to", "yesterday"),
    refusal(untimed, "--to", "-2h"),
    refusal("not-there", "--to", "earliest"),
    refusal("not-declared", "--to", "earliest"),
    refusal(topic),
  ]);
  expect(refusals).toEqual([
    expect.stringMatching(/^2 to 2999-01-01T00:00:00.000Z is in the future: it is .* now$/),
    `2 offset 11 of topic "${topic}", partition 1, is not in Kafka: it has 0 to 10`,
    `2 topic "${topic}" has no partition 2: it has 2, from 0 to 1`,
    `2 topic "${topic}" has 2 partitions: name one of them beside it, or give an offset for each ({"0":17})`,
    `2 to "yesterday" is neither earliest, latest, a time with its zone (2026-11-28T10:00:00Z), an age (-2h; units s m h d), an offset nor offsets by partition ({"0":17})`,
    expect.stringMatching(/^2 .*its records have no timestamps, so none can be found by time$/),
    `1 topic "not-there" does not exist in Kafka`,
    `1 topic "not-declared" is declared neither in the config file nor in etcd`,
    "2 --to is missing: where should it go?",
  ]);
}, 240_000);

test.concurrent("a topic whose index was changed fills the new one when it is rewound, with or without a restart, also before an earlier rewind is done", async () => {
  const topic = uniqueName("anew").toLowerCase();
  const [each, all] = [3_000, 6_000];
  await servers.kafka.createTopic(topic, 2);
  await servers.kafka.produce(topic, minutes(Date.now(), 2, each));
  const kafka = { ...servers.config.kafka, group: uniqueName("group") };
  const into = (index: string) => ({
    ...servers.config,
    kafka,
    elasticsearch: { ...servers.config.elasticsearch, bulk: { maxDocuments: 20, concurrency: 1 } },
    topics: [{ topic, index: `${topic}-${index}` }],
  });
  await using host = await startTestHost(into("a"));
  const goesTo = (index: string, committed: number) =>
    host.untilTopic(topic, `${committed} or more are in ${index}`, ({ spec, state, partitions }) => {
      const isThere = partitions.every((one) => (one.committed ?? 0) >= committed);
      return spec.index === `${topic}-${index}` && state === "running" && partitions.length === 2 && isThere;
    });
  await goesTo("a", each);
  await host.writeConfig(into("b"));
  await goesTo("b", each);
  const again = (index: string) => moved(into(index), topic, "--to", "earliest");
  const countOf = (index: string) => servers.elasticsearch.count(`${topic}-${index}`);
  for (let n = 0; n < 2; n += 1) {
    await again("b");
    await goesTo("b", each);
    expect([await countOf("a"), await countOf("b")]).toEqual([all, all]);
  }
  // All partitions are in doubt: most of their records were sent to the index before.
  await again("b");
  await goesTo("b", 1);
  await host.writeConfig(into("c"));
  await goesTo("c", 1);
  await again("c");
  await goesTo("c", each);
  expect([await countOf("b"), await countOf("c")]).toEqual([all, all]);
}, 480_000);
