import { describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** What hurts users of other shippers, where they say so, and what Penstock does instead. Each row has a test of its own. */
const pains: readonly (readonly [pain: string, threads: readonly string[], ours: string])[] = [
  [
    "rejected records lost although acknowledgements are on",
    ["vector#24543"],
    "commit only the contiguous prefix of known outcomes",
  ],
  [
    "offsets committed before Elasticsearch has it",
    ["logstash-input-kafka#343", "logstash#11706"],
    "commit after indexed, duplicate or dead letter stored",
  ],
  [
    "one item's 429 drops or kills the batch",
    ["vector#25799", "kafka-connect-elasticsearch#739"],
    "outcome per item; resend only the retryable ones",
  ],
  [
    "a poison record stops the pipeline",
    ["kafka-connect-elasticsearch#157", "kafka-connect-elasticsearch#694"],
    "dead-letter it, keep the partition moving",
  ],
  ["409 after a retry loops forever", ["fluent-bit#4905"], "own id and create: 409 is success"],
  ["413 resent forever", ["beats#14350"], "split; the single giant goes to dead letters"],
  [
    "no dead letters, or broken ones",
    ["vector#1772", "beats#34923"],
    "Kafka topic, bytes untouched, replay under the same id",
  ],
  [
    "a reload stops everything, or hangs",
    ["opentelemetry-collector#14529", "logstash#14332", "fluent-bit#9354", "vector#24314"],
    "diff; one consumer per topic; deadline per step",
  ],
  [
    "a paused partition never resumes",
    ["kafka-connect-elasticsearch#722"],
    "skipped records count as outcomes; stalled is a visible state",
  ],
  [
    "slow Elasticsearch: rebalance loop, status still running",
    ["logstash#9421", "kafka-connect-elasticsearch#507"],
    "heartbeat while waiting; readiness follows progress",
  ],
  [
    "memory grows without bound",
    ["fluent-bit#7859", "kafka-connect-elasticsearch#444"],
    "in-flight bytes bounded",
  ],
  ["retention passes the offset", ["connect#2366"], "resume at earliest, report the lost range"],
  [
    "new topics not seen, deleted ones spam errors",
    ["logstash-input-kafka#192"],
    "patterns and missing topics are reconcile's business",
  ],
  [
    "cannot exclude a topic from a pattern",
    ["vector#7580", "logstash-input-kafka#183"],
    "globs beside the pattern, shown in the plan",
  ],
  ["lag stale or missing", ["vector#24647", "logstash#9893"], "committed lag of owned partitions only"],
];

const root = join(import.meta.dir, "..");

/** The names of all tests that the source spells out, by file. */
async function testNames(): Promise<readonly { readonly file: string; readonly name: string }[]> {
  const files = (await readdir(root, { recursive: true })).filter(
    (file) => file.endsWith(".ts") && !file.startsWith("structure"),
  );
  const found: { file: string; name: string }[] = [];
  for (const file of files) {
    const text = await Bun.file(join(root, file)).text();
    const calls = /(?:\btest(?:\.\w+)?\(|^\s*name:)\s*(["`])(.*?)\1,/gms;
    for (const [, , name = ""] of text.matchAll(calls)) found.push({ file, name });
  }
  return found;
}

const names = await testNames();

describe("what hurts elsewhere has one test that shows it does not here:", () => {
  test.each(pains)("%s", (_pain, threads) => {
    const showing = names.filter(({ name }) =>
      threads.some((thread) => new RegExp(`[( ]${thread}[,)]`).test(name)),
    );
    expect(showing).toHaveLength(1);
    for (const thread of threads) expect(showing[0]?.name).toContain(thread);
  });
});
