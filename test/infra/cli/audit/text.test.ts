import { describe, expect, test } from "bun:test";
import {
  endsAsJson,
  formatEnd,
  formatSummary,
  isClean,
  type AuditEnd,
} from "../../../../infra/cli/audit/text.ts";
import { createOffsetRanges, type OffsetRanges } from "../../../../lib/rules/audit/offset-ranges.ts";
import type { PartitionAudit } from "../../../../lib/rules/audit/partition-audit.ts";
import type { AuditPass, TopicAudit } from "../../../../lib/rules/audit/topic-audit.ts";

const none: OffsetRanges = { ranges: [], rangeCount: 0, offsetCount: 0, hull: null };

function offsets(label: string, ...list: readonly number[]): OffsetRanges {
  const builder = createOffsetRanges(1_000);
  for (const offset of list) builder.add(offset, label);
  return builder.build();
}

function partition(changes: Partial<PartitionAudit> = {}): PartitionAudit {
  return {
    partition: 0,
    start: 0,
    end: 1_000,
    indexed: 1_000,
    deadLettered: 0,
    elsewhere: 0,
    repaired: 0,
    nulls: 0,
    notRecords: 0,
    expired: none,
    dropped: none,
    skipped: none,
    gaps: none,
    doubles: none,
    stale: 0,
    ...changes,
  };
}

function pass(...partitions: PartitionAudit[]): AuditPass {
  return { partitions, belowLog: 0, foreign: 0 };
}

function audited(found: AuditPass, changes: Partial<TopicAudit> = {}): AuditEnd {
  const audit: TopicAudit = {
    topic: "app",
    index: "logs-{yyyy.MM.dd}",
    groupId: "penstock.app",
    notes: [],
    unknownPartitions: 0,
    found,
    repair: null,
    removedDoubles: null,
    after: null,
    ...changes,
  };
  return { kind: "audited", audit };
}

describe("what an audit prints", () => {
  test("everything about one topic", () => {
    const found = {
      ...pass(
        partition({
          indexed: 980,
          deadLettered: 3,
          nulls: 2,
          notRecords: 1,
          expired: offsets("logs-2026.01.02", 0, 1),
          gaps: offsets("", 120, 121, 122, 400),
          doubles: offsets("logs-2026.01.03, old", 7),
          stale: 1,
        }),
        partition({ partition: 3, gaps: offsets("", 9, 10) }),
      ),
      belowLog: 12,
      foreign: 2,
    };
    expect(formatEnd(audited(found, { notes: ["partition 1: nothing is committed yet"] }))).toBe(
      `app → logs-{yyyy.MM.dd}, group penstock.app
  2 partitions, 2,000 offsets checked
  indexed        1,980
  dead-lettered      3
  null value         2  (nothing to index)
  not records        1  (transaction markers, aborted or compacted)
  expired            2  (their index was deleted or closed)
  expired: 2 records in 1 range
    partition 0: 0–1 (2 records) in logs-2026.01.02
  gaps: 6 records in 3 ranges
    partition 0: 120–122 (3 records)
    partition 0: 400 (1 record)
    partition 3: 9–10 (2 records)
  doubles: 1 record in 1 range
    partition 0: 7 (1 record) in logs-2026.01.03, old
  note: partition 1: nothing is committed yet
  note: 12 documents with offsets that Kafka has deleted: not audited
  note: 1 document of an older topic with this name and the same offsets: not counted
  note: 2 documents with ids that Penstock does not assign: not counted
  6 records missing, 1 record more than once
`,
    );
  });

  test("only the first 1,000 ranges of a topic, and how many more there are", () => {
    const odd = Array.from({ length: 1_500 }, (_, n) => 2 * n);
    const found = pass(
      partition({ gaps: offsets("", ...odd) }),
      partition({ partition: 1, gaps: offsets("", 3) }),
    );
    const lines = formatEnd(audited(found)).split("\n");
    expect(lines.filter((line) => line.startsWith("    partition"))).toHaveLength(1_000);
    expect(lines).toContain("    … and 501 more");
    expect(lines).toContain("  gaps: 1,501 records in 1,501 ranges");
  });

  test("a repair: its result, and what is left", () => {
    const repair = { indexed: 5, duplicate: 0, "dead-lettered": 1, skipped: 0 };
    const found = pass(partition({ gaps: offsets("", 1, 2, 3, 4, 5, 6, 7) }));
    const after = pass(partition({ gaps: offsets("", 7) }));
    const text = formatEnd(audited(found, { repair, after }));
    expect(text).toContain(
      "  repaired: 5 indexed, 1 dead-lettered\n  gaps after the repair: 1 record in 1 range\n" +
        "    partition 0: 7 (1 record)\n  1 record missing\n",
    );
  });

  test("a topic without commits is not called clean", () => {
    const text = formatEnd(audited(pass(partition({ end: 0, indexed: 0 }))));
    expect(text).toContain("1 partition, 0 offsets checked");
    expect(text.trimEnd().split("\n").at(-1)).toBe("  nothing to account for");
  });

  test("records that are neither missing nor proved are named as such", () => {
    const dropped = audited(pass(partition({ dropped: offsets("", 1) })));
    expect(formatEnd(dropped)).toContain(
      "  no gaps, no doubles; not accounted for: 1 record dropped by the pipeline, or missing\n",
    );
    const unknown = audited(pass(partition()), { unknownPartitions: 2 });
    expect(formatEnd(unknown)).toContain("not accounted for: 2 partitions not audited\n");
  });
});

describe("the last line and the exit code", () => {
  const clean = audited(pass(partition()));
  const absent: AuditEnd = { kind: "absent", topic: "later", reason: "it does not exist in Kafka" };

  test("all is clean, even if a topic does not exist yet", () => {
    expect(formatSummary([clean, absent])).toBe(
      "1 topic (1 more is not in Kafka), 1,000 offsets: every record accounted for\n",
    );
    expect(formatSummary([absent, clean, absent, clean])).toBe(
      "2 topics (2 more are not in Kafka), 2,000 offsets: every record accounted for\n",
    );
    expect(formatSummary([absent])).toBe(
      "0 topics (1 more is not in Kafka), 0 offsets: nothing to account for\n",
    );
    expect(formatSummary([clean, clean], ["index", "indices"])).toBe(
      "2 indices, 2,000 offsets: every record accounted for\n",
    );
    expect(isClean([clean, absent])).toBe(true);
    expect(isClean([])).toBe(true);
  });

  test("a gap, a double or a failure is not clean", () => {
    const gap = audited(pass(partition({ gaps: offsets("", 1) })));
    const double = audited(pass(partition({ doubles: offsets("a, b", 1) })));
    const failed: AuditEnd = { kind: "failed", topic: "app", reason: "no answer" };
    for (const end of [gap, double, failed]) expect(isClean([clean, end])).toBe(false);
    expect(formatSummary([clean, gap, double, failed])).toBe(
      "4 topics, 3,000 offsets: 1 record missing, 1 record more than once, 1 topic failed\n",
    );
  });

  test("the same as JSON", () => {
    const { clean: isWell, topics } = JSON.parse(endsAsJson([clean, absent])) as {
      clean: boolean;
      topics: Record<string, unknown>[];
    };
    expect(isWell).toBe(true);
    expect(topics).toMatchObject([
      { state: "audited", topic: "app", verdict: { gaps: 0, clean: true }, totals: { indexed: 1_000 } },
      { state: "absent", topic: "later", reason: "it does not exist in Kafka" },
    ]);
  });
});
