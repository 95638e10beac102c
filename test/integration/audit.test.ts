import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { stringify } from "yaml";
import { outputOf } from "../support/command.ts";
import { startTestHost } from "../support/host.ts";
import { eventually } from "../support/eventually.ts";
import { useFolder } from "../support/folder.ts";
import { uniqueName } from "../support/kafka.ts";
import { makeIndexOfNumbers, unforgiving } from "../support/refused.ts";
import { useStack } from "../support/stack-clients.ts";

const COMMAND = join(import.meta.dir, "../../infra/cli/audit.ts");
const run = uniqueName("audit");
/** Noon of 2026-01-02, in milliseconds. */
const NOON = Date.UTC(2026, 0, 2, 12);
const DAY = 86_400_000;

/** The topics of one host, by purpose. */
const declared: Readonly<Record<string, object>> = {
  clean: {},
  holes: {},
  mixed: unforgiving,
  transactions: {},
  compacted: {},
  doubled: { index: `${run}-doubled-{yyyy.MM.dd}` },
  dated: { index: `${run}-dated-{yyyy.MM.dd}` },
  gone: {},
  again: {},
  piped: { pipeline: run },
  dropping: {},
  rerouted: { pipeline: `${run}-reroute` },
  bare: {},
  late: { startAt: "latest" },
  empty: {},
};
const topicOf = (name: string): string => `${run}.${name}`;

interface Ranges {
  ranges: { start: number; end: number; label: string }[];
}
interface AuditedTopic {
  state: string;
  topic: string;
  notes: string[];
  verdict: { gaps: number; doubles: number; undecided: number; clean: boolean };
  totals: Record<string, number>;
  found: { partitions: { partition: number; gaps: Ranges; doubles: Ranges; expired: Ranges }[] };
  repair: Record<string, number> | null;
  removedDoubles: number | null;
  after: AuditedTopic["found"] | null;
}

describe("bun run audit", () => {
  const servers = useStack();
  const folder = useFolder();
  let config: string;

  beforeAll(async () => {
    const { kafka, elasticsearch } = servers;
    const topics = Object.entries(declared).map(([name, own]) =>
      Object.assign({ topic: topicOf(name) }, own),
    );
    const hostConfig = { ...servers.config, kafka: groups(), topics };
    config = join(folder, "config.yaml");
    await Bun.write(config, stringify(hostConfig));

    for (const name of Object.keys(declared))
      await kafka.createTopic(topicOf(name), name === "holes" ? 2 : 1, configOf(name));
    await elasticsearch.request("PUT", `/_ingest/pipeline/${run}`, { processors: [] });
    const reroute = { destination: `${run}-elsewhere`, contains: "line 7" };
    await elasticsearch.request("PUT", `/_ingest/pipeline/${run}-reroute`, { processors: [{ reroute }] });
    const processors = [{ drop: { contains: "line 3" } }, { drop: { contains: "line 5" } }];
    await elasticsearch.request("PUT", `/_ingest/pipeline/${run}-drop`, { processors });
    await elasticsearch.request("PUT", `/_ingest/pipeline/${run}-bare`, {
      processors: [{ remove: { field: "kafka" } }],
    });
    await createWithPipeline("dropping", `${run}-drop`);
    await createWithPipeline("bare", `${run}-bare`);
    await makeIndexOfNumbers(elasticsearch, topicOf("mixed"));
    await produceAll();
    await untilCompacted();

    await using host = await startTestHost(hostConfig);
    const caughtUp = (name: string) => host.untilCaughtUp(topicOf(name), undefined, 60_000);
    await Promise.all(Object.keys(declared).map(caughtUp));
    await kafka.produce(topicOf("late"), lines(2));
    await host.untilIndexed(topicOf("late"), 2);
    await caughtUp("late");
    // From here on, the test changes the indices itself.
    expect(await host.stop()).toBe(0);
  }, 720_000);

  afterAll(async () => {
    for (const pipeline of [run, `${run}-reroute`])
      await servers.elasticsearch.request("DELETE", `/_ingest/pipeline/${pipeline}`);
  });

  /** An index that brings its own pipeline. */
  async function createWithPipeline(name: string, pipeline: string): Promise<void> {
    const settings = { "index.default_pipeline": pipeline };
    await servers.elasticsearch.demand("PUT", `/${topicOf(name)}`, { settings });
  }

  /** Groups that no other test uses. */
  function groups() {
    return { ...servers.config.kafka, group: run };
  }

  function configOf(name: string): Record<string, string> {
    // Every record rolls a new segment, so that all but the last one can be compacted.
    if (name !== "compacted") return {};
    return { "cleanup.policy": "compact", "segment.ms": "100", "min.cleanable.dirty.ratio": "0.001" };
  }

  function lines(count: number, from = 0) {
    return Array.from({ length: count }, (_, n) => ({ value: `line ${from + n}`, partition: 0 }));
  }

  async function produceAll(): Promise<void> {
    const { kafka } = servers;
    await kafka.produce(topicOf("clean"), lines(20));
    await kafka.produce(
      topicOf("holes"),
      [0, 1].flatMap((partition) =>
        Array.from({ length: 100 }, (_, n) => ({ value: `line ${n}`, partition })),
      ),
    );
    await kafka.produce(topicOf("mixed"), [
      { value: '{"n":0}' },
      { value: '{"n":"a word"}' },
      { value: null, key: "tombstone" },
      { value: '{"n":3}' },
      { value: null },
      { value: '{"n":{}}' },
    ]);
    await produceTransactions(topicOf("transactions"));
    for (let n = 0; n < 8; n += 1) {
      await kafka.produce(topicOf("compacted"), [
        { key: n % 2 === 0 ? "same" : `own ${n}`, value: `line ${n}` },
      ]);
      await Bun.sleep(120);
    }
    await kafka.produce(
      topicOf("doubled"),
      lines(5).map(({ value }) => ({ value, timestamp: String(NOON) })),
    );
    await kafka.produce(
      topicOf("dated"),
      lines(9).map(({ value }, n) => ({ value, timestamp: String(NOON + Math.floor(n / 3) * DAY) })),
    );
    await kafka.produce(topicOf("gone"), lines(10));
    await kafka.produce(topicOf("again"), lines(4));
    await kafka.produce(topicOf("piped"), lines(6));
    for (const name of ["dropping", "rerouted", "bare"]) await kafka.produce(topicOf(name), lines(10));
    await kafka.produce(topicOf("late"), lines(3));
  }

  /** Three records, three aborted ones, three more: offsets 3, 7 and 11 are markers, 4 to 6 are never seen. */
  async function produceTransactions(topic: string): Promise<void> {
    const transactionalId = uniqueName("transaction");
    const producer = servers.kafka.kafka.producer({
      transactionalId,
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
    try {
      for (const ending of ["commit", "abort", "commit"] as const) {
        const transaction = await producer.transaction();
        await transaction.send({ topic, messages: lines(3) });
        await transaction[ending]();
      }
    } finally {
      await producer.disconnect();
    }
  }

  /** Waits for Kafka's cleaner, which runs every 15 s, to remove all but the last record of a key. */
  async function untilCompacted(): Promise<void> {
    const consumer = servers.kafka.kafka.consumer({ groupId: uniqueName("cleaned"), maxWaitTimeInMs: 100 });
    await consumer.connect();
    const seen = new Set<string>();
    try {
      await consumer.subscribe({ topics: [topicOf("compacted")], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachMessage: async ({ message }) => {
          seen.add(message.offset);
          return Promise.resolve();
        },
      });
      await eventually(
        "the topic is compacted",
        async () => {
          seen.clear();
          consumer.seek({ topic: topicOf("compacted"), partition: 0, offset: "0" });
          await eventually("it was read again", () => seen.has("7"));
          return !seen.has("0") && !seen.has("2");
        },
        360_000,
      );
    } finally {
      await consumer.disconnect();
    }
  }

  /** Runs the command as its own process. */
  const audit = (...args: string[]) =>
    outputOf([process.execPath, COMMAND, ...args], { env: { ...process.env, PENSTOCK_CONFIG: config } });

  /** Audits one topic. Returns the exit code and the parsed JSON. */
  async function auditOf(name: string, ...args: string[]) {
    const { out, error, code } = await audit(topicOf(name), "--json", ...args);
    expect(error).toBe("");
    const { topics } = JSON.parse(out) as { topics: AuditedTopic[] };
    const [topic] = topics;
    if (topic === undefined) throw new Error(`no topic in ${out}`);
    return { code, topic };
  }

  /** The document of a record of partition 0, if it is the only one at its offset. */
  async function documentAt(index: string, offset: number) {
    const found = (await servers.elasticsearch.documents(index)).find(({ _source }) => {
      const { kafka } = _source as { kafka: { partition: number; offset: number } };
      return kafka.partition === 0 && kafka.offset === offset;
    });
    if (found === undefined) throw new Error(`${index} has no document at offset ${offset}`);
    return found;
  }

  async function remove(index: string, partition: number, from: number, to: number): Promise<void> {
    for (const { _id, _source } of await servers.elasticsearch.documents(index)) {
      const { kafka } = _source as { kafka: { partition: number; offset: number } };
      if (kafka.partition !== partition || kafka.offset < from || kafka.offset > to) continue;
      await servers.elasticsearch.demand("DELETE", `/${index}/_doc/${_id}`);
    }
  }

  test("a topic without problems: exit 0, and a block of text", async () => {
    const { out, error, code } = await audit(topicOf("clean"));
    expect({ error, code }).toEqual({ error: "", code: 0 });
    const [head, ...lines] = out.trimEnd().split("\n");
    expect(head).toBe(`${topicOf("clean")} → ${topicOf("clean")}, group ${run}`);
    // There may be notes: the cluster is shared.
    expect(lines.filter((line) => !line.startsWith("  note: "))).toEqual([
      "  1 partition, 20 offsets checked",
      "  indexed  20",
      "  every record accounted for",
      "1 topic, 20 offsets: every record accounted for",
    ]);
  }, 240_000);

  test("deleted documents are found as ranges, and a repair brings them back", async () => {
    await remove(topicOf("holes"), 0, 20, 31);
    await remove(topicOf("holes"), 1, 5, 5);
    await remove(topicOf("holes"), 1, 99, 99);

    const text = await audit(topicOf("holes"));
    expect(text.code).toBe(1);
    expect(text.out).toContain(
      [
        "  indexed  186",
        "  gaps: 14 records in 3 ranges",
        "    partition 0: 20–31 (12 records)",
        "    partition 1: 5 (1 record)",
        "    partition 1: 99 (1 record)",
        "  14 records missing",
      ].join("\n"),
    );

    const before = await servers.elasticsearch.documents(topicOf("holes"));
    const repaired = await auditOf("holes", "--repair");
    expect(repaired.code).toBe(0);
    expect(repaired.topic.repair).toEqual({ indexed: 14, duplicate: 0, "dead-lettered": 0, skipped: 0 });
    expect(repaired.topic.totals).toMatchObject({ gaps: 14 });
    expect(repaired.topic.verdict).toEqual({ gaps: 0, doubles: 0, undecided: 0, clean: true });

    const after = await servers.elasticsearch.documents(topicOf("holes"));
    expect([before.length, after.length]).toEqual([186, 200]);
    const again = await auditOf("holes");
    expect(again.code).toBe(0);
    expect(again.topic.totals).toMatchObject({ indexed: 200, gaps: 0 });
  }, 480_000);

  test("dead letters, null values, transaction markers, aborted and compacted records are not gaps", async () => {
    const mixed = await auditOf("mixed");
    expect(mixed.topic.totals).toMatchObject({ offsets: 6, indexed: 2, deadLettered: 2, nulls: 2, gaps: 0 });
    const transactions = await auditOf("transactions");
    expect(transactions.topic.totals).toMatchObject({ offsets: 12, indexed: 6, notRecords: 6, gaps: 0 });
    const compacted = await auditOf("compacted");
    expect(compacted.topic.totals).toMatchObject({ offsets: 8, gaps: 0 });
    expect(compacted.topic.totals["notRecords"]).toBeGreaterThanOrEqual(2);
    expect([mixed.code, transactions.code, compacted.code]).toEqual([0, 0, 0]);
  }, 480_000);

  test("a repair writes the dead letter of a rejected record again if it is missing", async () => {
    const other = join(folder, "other.yaml");
    const topics = [{ topic: topicOf("mixed"), ...unforgiving }];
    await Bun.write(
      other,
      stringify({ ...servers.config, kafka: groups(), deadLetters: { topic: uniqueName("dead") }, topics }),
    );
    const lost = await auditOf("mixed", "--config", other);
    expect(lost.code).toBe(1);
    expect(lost.topic.found.partitions[0]?.gaps.ranges).toEqual([
      { start: 1, end: 2, label: "" },
      { start: 5, end: 6, label: "" },
    ]);
    const repaired = await auditOf("mixed", "--config", other, "--repair");
    expect(repaired.code).toBe(0);
    expect(repaired.topic.repair).toMatchObject({ "dead-lettered": 2, indexed: 0 });
  }, 480_000);

  test("the same record in two indices is a double, which no repair removes", async () => {
    const copy = `${run}-doubled-2026.01.03`;
    const { _id, _source } = await documentAt(`${run}-doubled-2026.01.02`, 3);
    await servers.elasticsearch.request("PUT", `/${copy}/_doc/${_id}`, _source);
    const { code, topic } = await auditOf("doubled", "--repair");
    expect(code).toBe(1);
    expect(topic.verdict).toEqual({ gaps: 0, doubles: 1, undecided: 0, clean: false });
    expect(topic.totals).toMatchObject({ offsets: 5, indexed: 5 });
    expect(topic.found.partitions[0]?.doubles.ranges).toEqual([
      { start: 3, end: 4, label: `${run}-doubled-2026.01.02, ${copy}` },
    ]);
  }, 240_000);

  test("doubles are removed among the topic's days only: a copy that somebody made elsewhere is left to them", async () => {
    const reindexed = `${run}-doubled-reindexed`;
    const { _id, _source } = await documentAt(`${run}-doubled-2026.01.02`, 4);
    await servers.elasticsearch.request("PUT", `/${reindexed}/_doc/${_id}?refresh=true`, _source);
    const { code, topic } = await auditOf("doubled", "--remove-doubles");
    expect(topic.removedDoubles).toBe(1);
    expect(topic.after?.partitions[0]?.doubles.ranges).toEqual([
      { start: 4, end: 5, label: `${run}-doubled-2026.01.02, ${reindexed}` },
    ]);
    expect(code).toBe(1);
    expect(await servers.elasticsearch.count(reindexed)).toBe(1);
  }, 240_000);

  test("a dated index deleted by retention is expired; a record missing from an existing one is a gap", async () => {
    await servers.elasticsearch.request("DELETE", `/${run}-dated-2026.01.02`);
    const expired = await auditOf("dated");
    expect(expired.code).toBe(0);
    expect(expired.topic.totals).toMatchObject({ indexed: 6, expired: 3, gaps: 0 });
    expect(expired.topic.found.partitions[0]?.expired.ranges).toEqual([
      { start: 0, end: 3, label: `${run}-dated-2026.01.02` },
    ]);

    await servers.elasticsearch.request("POST", `/${run}-dated-2026.01.03/_close`);
    await remove(`${run}-dated-2026.01.04`, 0, 7, 7);
    const both = await auditOf("dated");
    expect(both.code).toBe(1);
    expect(both.topic.totals).toMatchObject({ indexed: 2, expired: 6, gaps: 1 });
    expect(both.topic.found.partitions[0]?.gaps.ranges).toEqual([{ start: 7, end: 8, label: "" }]);
  }, 240_000);

  test("if the only index of a topic is missing, every record is a gap; if it is closed, nothing can be said", async () => {
    await servers.elasticsearch.request("POST", `/${topicOf("gone")}/_close`);
    const closed = await audit(topicOf("gone"), "--repair");
    expect(closed.code).toBe(1);
    expect(closed.out).toContain(
      `index "${topicOf("gone")}" of topic "${topicOf("gone")}" is closed: open it`,
    );

    await servers.elasticsearch.request("DELETE", `/${topicOf("gone")}`);
    const gone = await auditOf("gone");
    expect(gone.code).toBe(1);
    expect(gone.topic.found.partitions[0]?.gaps.ranges).toEqual([{ start: 0, end: 10, label: "" }]);
    const repaired = await auditOf("gone", "--repair");
    expect(repaired.code).toBe(0);
    expect(await servers.elasticsearch.count(topicOf("gone"))).toBe(10);
  }, 480_000);

  test("a document of an earlier topic of the same name does not count as the record at its offset", async () => {
    const { _source } = await documentAt(topicOf("again"), 1);
    const older = `${topicOf("again")}:0:1:${NOON.toString(36)}`;
    await servers.elasticsearch.request("PUT", `/${topicOf("again")}/_doc/${older}`, _source);
    const beside = await auditOf("again");
    expect(beside.code).toBe(0);
    expect(beside.topic.totals).toMatchObject({ indexed: 4, stale: 1, doubles: 0 });

    const own = (await servers.elasticsearch.documents(topicOf("again"))).find(
      ({ _id }) => _id !== older && _id.startsWith(`${topicOf("again")}:0:1:`),
    );
    await servers.elasticsearch.request("DELETE", `/${topicOf("again")}/_doc/${own?._id}`);
    const instead = await auditOf("again");
    expect(instead.code).toBe(1);
    expect(instead.topic.found.partitions[0]?.gaps.ranges).toEqual([{ start: 1, end: 2, label: "" }]);
  }, 240_000);

  test("with a pipeline, a missing record may have been dropped; a repair finds out", async () => {
    await remove(topicOf("piped"), 0, 2, 3);
    const open = await auditOf("piped");
    expect(open.code).toBe(0);
    expect(open.topic.verdict).toEqual({ gaps: 0, doubles: 0, undecided: 2, clean: true });
    const told = await auditOf("piped", "--repair");
    expect(told.code).toBe(0);
    expect(told.topic.repair).toMatchObject({ indexed: 2 });
    expect(told.topic.verdict).toMatchObject({ undecided: 0 });
  }, 240_000);

  test("an index's own pipeline may have dropped records too; a repair finds out", async () => {
    const open = await auditOf("dropping");
    expect({ code: open.code, verdict: open.topic.verdict }).toEqual({
      code: 0,
      verdict: { gaps: 0, doubles: 0, undecided: 2, clean: true },
    });
    const told = await auditOf("dropping", "--repair");
    expect(told.topic.repair).toMatchObject({ skipped: 2 });
    expect({ code: told.code, verdict: told.topic.verdict }).toEqual({
      code: 0,
      verdict: { gaps: 0, doubles: 0, undecided: 0, clean: true },
    });
    const text = await audit(topicOf("dropping"), "--repair");
    expect(text.out).toContain("repaired: 2 dropped by the pipeline");
    expect(text.out).toContain("every record accounted for");
  }, 240_000);

  test("documents that a pipeline sent to another index are counted", async () => {
    const { code, topic } = await auditOf("rerouted");
    expect(topic.totals).toMatchObject({ offsets: 10, indexed: 9, elsewhere: 1, dropped: 0, gaps: 0 });
    expect({ code, undecided: topic.verdict.undecided }).toEqual({ code: 0, undecided: 0 });
  }, 240_000);

  test("a record that the repair finds present is no gap, even if a pipeline removed the fields that identify it", async () => {
    const known = await auditOf("bare");
    expect(known.topic.totals).toMatchObject({ indexed: 0, elsewhere: 10, gaps: 0 });
    await servers.elasticsearch.request("PUT", `/${topicOf("bare")}/_settings`, {
      "index.default_pipeline": null,
    });
    const gaps = await auditOf("bare");
    expect({ code: gaps.code, gaps: gaps.topic.verdict.gaps }).toEqual({ code: 1, gaps: 10 });
    const told = await auditOf("bare", "--repair");
    expect(told.topic.repair).toMatchObject({ duplicate: 10, indexed: 0 });
    expect({ code: told.code, verdict: told.topic.verdict }).toEqual({
      code: 0,
      verdict: { gaps: 0, doubles: 0, undecided: 0, clean: true },
    });
  }, 240_000);

  test("a topic that began at latest is audited from the first position known to have been read", async () => {
    const { code, topic } = await auditOf("late");
    expect(code).toBe(0);
    expect(topic.totals).toMatchObject({ offsets: 2, indexed: 2, gaps: 0 });
    expect(topic.notes.join()).toContain("audited from offset 3");
  }, 240_000);

  test("all topics at once, each with its own result, and a summary line", async () => {
    const { out, code } = await audit();
    expect(code).toBe(1);
    for (const name of Object.keys(declared)) expect(out).toContain(`${topicOf(name)} → `);
    expect(out.trimEnd().split("\n").at(-1)).toMatch(/^15 topics, \d+ offsets: .*more than once/);
  }, 480_000);

  test("leaves no group behind but the hosts' own, without a member of its own", async () => {
    const { admin } = servers.kafka;
    const { groups } = await admin.listGroups();
    expect(groups.map(({ groupId }) => groupId).filter((id) => id.startsWith(run))).toEqual([run]);
    const { groups: described } = await admin.describeGroups([run]);
    expect(described.map(({ members }) => members)).toEqual([[]]);
  }, 240_000);

  test("wrong usage, unknown topics and a bad config: exit codes and reasons", async () => {
    expect(await audit("--repiar")).toMatchObject({ code: 2, error: expect.stringContaining("--repiar") });
    expect(await audit("a topic")).toMatchObject({ code: 2, error: expect.stringContaining('"a topic"') });
    const unknown = await audit("nobody-declared-it");
    expect(unknown).toMatchObject({
      code: 1,
      out: "",
      error: `topic "nobody-declared-it" is declared neither in ${config} nor in etcd\n`,
    });
    const broken = join(folder, "broken.yaml");
    await Bun.write(broken, "kafka: 1\n");
    expect(await audit("--config", broken)).toMatchObject({ code: 78, out: "" });
    expect((await audit("--help")).out).toContain("Usage: bun run audit");
  }, 240_000);
});
