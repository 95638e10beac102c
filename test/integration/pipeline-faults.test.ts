import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { readAll } from "../support/read-topic.ts";
import { putFailureStoreTemplate, unforgiving } from "../support/refused.ts";
import { useStack } from "../support/stack-clients.ts";

const run = uniqueName("fault");
const good = "good";
const bad = "bad";

/** The processors that refuse records containing "bad", and the reason in their letters. */
interface Refusal {
  readonly processors: readonly object[];
  readonly type: string;
  readonly status: string;
  readonly reason: string;
}

const refusals: Readonly<Record<string, Refusal>> = {
  grok: {
    processors: [{ grokmiss: { contains: bad } }],
    type: "illegal_argument_exception",
    status: "400",
    reason: "Provided Grok expressions do not match field value: [bad]",
  },
  fail: {
    processors: [{ fail: { message: "not for us", contains: bad } }],
    type: "fail_processor_exception",
    status: "500",
    reason: "not for us",
  },
  script: {
    processors: [{ scripterror: { contains: bad } }],
    type: "script_exception",
    status: "400",
    reason: "runtime error",
  },
  remove: {
    processors: [{ remove: { field: "nothing", contains: bad } }],
    type: "illegal_argument_exception",
    status: "400",
    reason: "field [nothing] not present",
  },
};
/** The pipeline itself is wrong, not a record. */
const brokenForAll: Readonly<Record<string, readonly object[] | null>> = {
  missing: null,
  broken: [{ scripterror: {} }],
  failing: [{ fail: { message: "closed for today" } }],
};

const topicOf = (name: string): string => `${run}.${name}`;

describe("records that an ingest pipeline refuses", () => {
  const servers = useStack();
  let host: TestHost;
  const others = ["mixed", "company", "blocked", "stream", "streamless"];
  const declared = [...Object.keys(refusals), ...Object.keys(brokenForAll), ...others];
  const config = (message: string | null) => ({
    ...servers.config,
    deadLetters: { topic: topicOf("dead") },
    topics: declared.map((name) => ({
      topic: topicOf(name),
      ...unforgiving,
      pipeline: topicOf(name),
      ...(name === "blocked" && { index: `${topicOf(name)}-{yyyy.MM.dd}` }),
      ...(name === "blocked" && message !== null && { message }),
    })),
  });

  beforeAll(async () => {
    await Promise.all(declared.map((name) => servers.kafka.createTopic(topicOf(name))));
    for (const [name, { processors }] of Object.entries(refusals)) await putPipeline(name, processors);
    for (const [name, processors] of Object.entries(brokenForAll))
      if (processors !== null) await putPipeline(name, processors);
    for (const name of ["mixed", "company"]) await putPipeline(name, refusals["fail"]?.processors ?? []);
    await putPipeline("blocked", [
      { fail: { message: "not for us", contains: bad } },
      { grokmiss: { contains: "odd" } },
    ]);
    // Data streams that keep rejected documents in a failure store; the second one's pipeline is missing.
    await putPipeline("stream", [{ fail: { message: "not for us", contains: bad } }]);
    await putFailureStoreTemplate(servers.elasticsearch, run, { pattern: topicOf("stream*"), field: "n" });
    host = await startTestHost(config(null));
    // These wait while the others are tried.
    for (const name of [...Object.keys(brokenForAll), "streamless"]) {
      for (const value of ["one", "two", "three"]) await refusedAlone(name, value);
    }
  }, 240_000);
  afterAll(async () => {
    await host?.[Symbol.asyncDispose]();
    for (const name of declared)
      await servers?.elasticsearch.request("DELETE", `/_ingest/pipeline/${topicOf(name)}`);
  }, 240_000);

  async function putPipeline(name: string, processors: readonly object[]): Promise<void> {
    const put = await servers.elasticsearch.request("PUT", `/_ingest/pipeline/${topicOf(name)}`, {
      processors,
    });
    expect(put).toMatchObject({ status: 200 });
  }

  const produce = (name: string, ...values: readonly string[]): Promise<void> =>
    servers.kafka.produce(
      topicOf(name),
      values.map((value) => ({ value })),
    );

  /** Its records travel alone: each is written once the previous one was refused or indexed. */
  const refusedAlone = async (name: string, value: string): Promise<void> => {
    await produce(name, value);
    await host.untilTopic(
      topicOf(name),
      "is refused",
      ({ reason }) => reason?.includes("retrying since") ?? false,
    );
  };

  const untilIndexed = (name: string, indexed: number) =>
    host.untilTopic(
      topicOf(name),
      `${indexed} are indexed`,
      ({ counts }) => counts.indexed >= indexed,
      60_000,
    );

  /** One after another, until this many became dead letters. @returns how many were written */
  async function produceGoodUntilBuried(name: string, letters: number, from = 0): Promise<number> {
    for (let written = from + 1; ; written += 1) {
      await produce(name, good);
      const { counts } = await untilIndexed(name, written);
      if (counts.deadLettered >= letters) return written;
    }
  }

  /** What its letters say of themselves. */
  async function lettersOf(name: string): Promise<Record<string, string>[]> {
    const letters = await readAll(servers.kafka, topicOf("dead"));
    return letters
      .map(({ headers }) => Object.fromEntries(headers.map((header) => [header.name, String(header.value)])))
      .filter((about) => about["penstock.topic"] === topicOf(name));
  }

  const untilCommitted = (name: string, offset: number) =>
    host.untilTopic(
      topicOf(name),
      `${offset} are committed`,
      ({ partitions }) => partitions[0]?.committed === offset,
    );

  test.each(Object.keys(refusals))(
    "%s: one record alone, while later ones are indexed one after the other: a dead letter, once",
    async (name) => {
      const refusal = refusals[name];
      if (refusal === undefined) throw new Error(name);
      await refusedAlone(name, bad);
      const written = await produceGoodUntilBuried(name, 1);
      await untilCommitted(name, 1 + written);
      const letters = await lettersOf(name);
      expect(letters).toMatchObject([
        { "penstock.offset": "0", "penstock.error.type": refusal.type, "penstock.status": refusal.status },
      ]);
      expect(letters[0]?.["penstock.error.reason"]).toContain(refusal.reason);
      expect(await servers.elasticsearch.count(topicOf(name))).toBe(written);
    },
    240_000,
  );

  test("with others in the bulk: at once", async () => {
    await produce("company", good, bad, good, bad);
    await untilCommitted("company", 4);
    expect((await lettersOf("company")).map((about) => about["penstock.attempts"])).toEqual(["1", "1"]);
  }, 240_000);

  test("several in a row, each alone, more than there are bulks at a time: each gets its outcome by itself", async () => {
    for (let n = 0; n < 6; n += 1) await refusedAlone("mixed", `${bad} ${n}`);
    const written = await produceGoodUntilBuried("mixed", 6);
    await refusedAlone("mixed", `${bad} 6`);
    const all = await produceGoodUntilBuried("mixed", 7, written);
    await untilCommitted("mixed", 7 + all);
    const letters = await lettersOf("mixed");
    expect(letters).toHaveLength(7);
    expect(new Set(letters.map((about) => about["penstock.offset"]))).toEqual(
      new Set(["0", "1", "2", "3", "4", "5", String(6 + written)]),
    );
  }, 360_000);

  test("while one waits, the others' letters are written once, however often reading restarts", async () => {
    // From two days before today, which Kafka's retention keeps.
    const today = Math.floor(Date.now() / 86_400_000);
    const at = (day: number) => String((today - 3 + day) * 86_400_000);
    // Writes to an earlier day's index say nothing about this one.
    await servers.kafka.produce(topicOf("blocked"), [{ value: bad, timestamp: at(2) }]);
    const others = Array.from({ length: 10 }, (_, n) => ({
      value: n % 2 === 0 ? "odd" : good,
      timestamp: at(1),
    }));
    await servers.kafka.produce(topicOf("blocked"), others);
    const expected = { indexed: 5, deadLettered: 5, duplicate: 0, skipped: 0 };
    await host.untilTopic(
      topicOf("blocked"),
      "the others ended",
      ({ counts }) => counts.deadLettered === 5,
      60_000,
    );
    const message = "another";
    await host.writeConfig(config(message));
    await host.untilTopic(
      topicOf("blocked"),
      "is read again, and waits again",
      ({ spec, state, reason }) =>
        spec.message === message && state === "running" && (reason?.includes("retrying since") ?? false),
      60_000,
    );
    // Read again to its end, as this record proves.
    await servers.kafka.produce(topicOf("blocked"), [{ value: good, timestamp: at(1) }]);
    const { counts, partitions } = await untilIndexed("blocked", 6);
    expect(counts).toEqual({ ...expected, indexed: 6 });
    // Where its records go is committed before the first one is sent.
    expect(partitions).toMatchObject([{ committed: 0 }]);
    expect(await lettersOf("blocked")).toHaveLength(5);
    // Once its own index accepts others, the record is to blame, and everything known is committed at once.
    for (let n = 1; ; n += 1) {
      await servers.kafka.produce(topicOf("blocked"), [{ value: good, timestamp: at(2) }]);
      if ((await untilIndexed("blocked", 6 + n)).counts.deadLettered === 6) break;
    }
    expect(await lettersOf("blocked")).toHaveLength(6);
  }, 360_000);

  test("a failure store accepts refused documents: a dead letter with the true reason, whatever the cause", async () => {
    await produce("stream", '{"n":"alone"}');
    await host.untilTopic(topicOf("stream"), "is a dead letter", ({ counts }) => counts.deadLettered === 1);
    await produce("stream", '{"n":1}', '{"n":"text"}', '{"n":2}', `{"message":"${bad}"}`);
    await untilCommitted("stream", 5);
    const letters = await lettersOf("stream");
    expect(letters.map((about) => [about["penstock.offset"], about["penstock.error.type"]])).toEqual([
      ["0", "document_parsing_exception"],
      ["2", "document_parsing_exception"],
      ["4", "fail_processor_exception"],
    ]);
    expect(letters[1]?.["penstock.error.reason"]).toContain("failed to parse field [n] of type [long]");
    expect(await servers.elasticsearch.count(topicOf("stream"))).toBe(2);
  }, 240_000);

  test.each([...Object.keys(brokenForAll), "streamless"])(
    "%s: the pipeline's own fault is nobody's: all wait, and are indexed once it is mended",
    async (name) => {
      const { counts, reason } = await host.untilTopic(
        topicOf(name),
        "waits",
        (status) => status.reason !== null,
      );
      if (name.endsWith("less"))
        expect(reason).toContain(`pipeline with id [${topicOf(name)}] does not exist`);
      expect(counts).toEqual({ indexed: 0, duplicate: 0, deadLettered: 0, skipped: 0 });
      await putPipeline(name, []);
      await untilIndexed(name, 3);
      await untilCommitted(name, 3);
      expect(await lettersOf(name)).toEqual([]);
    },
    240_000,
  );
});
