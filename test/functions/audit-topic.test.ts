import { describe, expect, test } from "bun:test";
import type { Marks } from "../../lib/rules/offsets/marks.ts";
import { auditTopic, type AuditTopicDeps, type AuditTopicInput } from "../../functions/audit-topic.ts";
import type { AuditProgress } from "../../functions/audit-topic/pass.ts";
import type { RecordDocuments } from "../../lib/adapters/elasticsearch/topic-snapshot/snapshot.ts";
import type { Generations } from "../../lib/rules/audit/generations.ts";
import { createBurials } from "../../lib/rules/audit/dead-lettered-offsets.ts";
import type { AuditDocument } from "../../lib/rules/audit/partition-audit.ts";
import { totalsOf, verdictOf } from "../../lib/rules/audit/topic-audit.ts";
import type { Specification } from "../../lib/rules/model/declaration.ts";
import { documentId } from "../../lib/rules/documents/document-id.ts";
import type { OutcomeKind, SourceRecord } from "../../lib/rules/model/record.ts";
import { sourceRecord, specification } from "../support/records.ts";
import { rejection } from "../support/rejection.ts";

/** One topic in Kafka, Elasticsearch and the dead letters, all in memory. */
function world(
  changes: {
    spec?: Partial<Specification>;
    outcome?: OutcomeKind;
    /** Indices with a pipeline of their own. */
    piped?: readonly string[];
    /** Behind the topic's index, which is then an alias or data stream. */
    generations?: Generations;
    /** The first offset of any partition that was written to the oldest of them. */
    firstOffset?: number;
    /** Whether indices that left the alias hold documents of the topic. */
    hasStrayed?: boolean;
    /** Whether shards of other indices did not answer. */
    isPartial?: boolean;
  } = {},
) {
  const spec = specification(changes.spec);
  const log = new Map<number, { start: number; end: number }>();
  const committed = new Map<number, number | null>();
  const marks = new Map<number, Marks>();
  const records: SourceRecord[] = [];
  const documents = new Map<number, AuditDocument[]>();
  const names = { open: new Set([spec.index]), closed: new Set<string>(), others: new Set<string>() };
  const burials = createBurials();
  /** Ids in some other index, and those that were looked for there. */
  const elsewhere = new Set<string>();
  const sought: string[] = [];
  const soughtAgain: string[] = [];
  /** Ids whose documents were compared, to leave one of each. */
  const compared: string[] = [];
  const progress: AuditProgress[] = [];
  const ingested: SourceRecord[] = [];
  let open = 0;
  let prepared = 0;

  function opened(): RecordDocuments {
    open += 1;
    // Does not include later writes.
    const frozen = new Map([...documents].map(([partition, list]) => [partition, [...list]]));
    const within = (partition: number, start: number, end: number) =>
      (frozen.get(partition) ?? [])
        .filter(({ offset }) => offset >= start && offset < end)
        .toSorted((a, b) => a.offset - b.offset);
    return {
      names,
      generations: changes.generations ?? null,
      firstOffset: () => Promise.resolve(changes.firstOffset ?? null),
      foreign: 0,
      hasPipeline: (index) => changes.piped?.includes(index) ?? false,
      hasStrayed: changes.hasStrayed ?? false,
      isPartial: changes.isPartial ?? false,
      byNow(ids) {
        soughtAgain.push(...ids);
        return Promise.resolve(new Set(ids.filter((id) => elsewhere.has(id))));
      },
      anywhere(ids) {
        sought.push(...ids);
        return Promise.resolve(new Set(ids.filter((id) => elsewhere.has(id))));
      },
      cursor(partition, start, end) {
        let from = start;
        return {
          until(offset) {
            const found = within(partition, from, Math.min(offset, end));
            from = offset;
            return Promise.resolve(found);
          },
        };
      },
      lowestOffset: (partition, start, end) =>
        Promise.resolve(within(partition, start, end)[0]?.offset ?? null),
      removeExtraCopies(ids, homes) {
        for (const id of ids) {
          const home = homes?.get(id);
          compared.push(home === undefined ? id : `${id} in ${home}`);
        }
        let removed = 0;
        for (const [partition, list] of documents) {
          const kept = list.filter(
            (one, at) => !list.slice(0, at).some(({ offset }) => offset === one.offset),
          );
          removed += list.length - kept.length;
          documents.set(partition, kept);
        }
        return Promise.resolve(removed);
      },
      countBelow: (partition, offset) => Promise.resolve(within(partition, 0, offset).length),
      close() {
        open -= 1;
        return Promise.resolve();
      },
    };
  }

  const deps: AuditTopicDeps = {
    now: () => 0,
    openDocuments: () => Promise.resolve(opened()),
    async readSpans(spans, onBatch) {
      for (const [partition, { start, end }] of spans) {
        for (let at = start; at < end; at += 3) {
          const until = Math.min(at + 3, end);
          await onBatch({
            partition,
            end: until,
            records: records.filter(
              (record) => record.partition === partition && record.offset >= at && record.offset < until,
            ),
          });
        }
      }
    },
    readBurials: () => Promise.resolve(burials.of(spec.topic)),
    prepareRepair() {
      prepared += 1;
      return Promise.resolve();
    },
    ingest(list) {
      ingested.push(...list);
      const outcome = changes.outcome ?? "indexed";
      for (const record of list) {
        if (outcome === "indexed") put(record.partition, record.offset, record.timestamp);
        if (outcome === "dead-lettered") burials.add(spec.topic, record);
      }
      return Promise.resolve({ outcomes: list.map(() => outcome), retry: null });
    },
    wait: () => Promise.resolve(),
    random: () => 0,
    onProgress: (one) => progress.push(one),
    signal: new AbortController().signal,
  };

  function put(partition: number, offset: number, timestamp: number, index = spec.index): void {
    documents.set(partition, [...(documents.get(partition) ?? []), { offset, timestamp, index }]);
  }

  return {
    deps,
    documents,
    burials,
    elsewhere,
    sought,
    soughtAgain,
    compared,
    names,
    progress,
    ingested,
    put,
    get open() {
      return open;
    },
    get prepared() {
      return prepared;
    },
    /** Records at these offsets, all committed and indexed; the log ends after the last. */
    fill(partition: number, start: number, end: number, value: string | null = "line"): void {
      log.set(partition, { start, end });
      committed.set(partition, end);
      for (let offset = start; offset < end; offset += 1) {
        const record = sourceRecord(value, { partition, offset });
        records.push(record);
        put(partition, offset, record.timestamp);
      }
    },
    lose(partition: number, ...offsets: number[]): void {
      const kept = (documents.get(partition) ?? []).filter(({ offset }) => !offsets.includes(offset));
      documents.set(partition, kept);
    },
    commit: (partition: number, offset: number | null) => committed.set(partition, offset),
    marks,
    run: (repair = false, removeDoubles = false, changed: Partial<AuditTopicDeps> = {}) => {
      const input: AuditTopicInput = {
        spec,
        groupId: "penstock.app",
        snapshot: { log, committed, marks },
        burials: burials.of(spec.topic),
        repair,
        removeDoubles,
      };
      return auditTopic(input, { ...deps, ...changed });
    },
  };
}

describe("the audit of a topic", () => {
  test("all partitions are read to their commits, and progress reaches the total", async () => {
    const topic = world();
    topic.fill(0, 0, 10);
    topic.fill(1, 100, 104);
    topic.commit(0, 8);
    const audit = await topic.run();
    expect(totalsOf(audit.found)).toMatchObject({ partitions: 2, offsets: 12, indexed: 12, gaps: 0 });
    expect(verdictOf(audit).clean).toBe(true);
    expect(topic.progress[0]).toEqual({ pass: "audit", offsets: 0, total: 12 });
    expect(topic.progress.at(-1)).toEqual({ pass: "audit", offsets: 12, total: 12 });
    expect(topic.open).toBe(0);
  });

  test("without a repair nothing is written", async () => {
    const topic = world();
    topic.fill(0, 0, 10);
    topic.lose(0, 4, 5);
    const audit = await topic.run();
    expect(audit.found.partitions[0]?.gaps.ranges).toEqual([{ start: 4, end: 6, label: "" }]);
    expect(verdictOf(audit)).toMatchObject({ gaps: 2, clean: false });
    expect(topic.ingested).toEqual([]);
    expect(topic.prepared).toBe(0);
  });

  test("a repair ingests exactly the gaps, then audits them again", async () => {
    const topic = world();
    topic.fill(0, 0, 20);
    topic.fill(1, 0, 5);
    topic.lose(0, 4, 5, 11);
    const audit = await topic.run(true);
    expect(topic.ingested.map(({ offset }) => offset)).toEqual([4, 5, 11]);
    expect(topic.prepared).toBe(1);
    expect(audit.repair).toEqual({ indexed: 3, duplicate: 0, "dead-lettered": 0, skipped: 0 });
    expect(audit.after?.partitions.map(({ start, end, indexed }) => [start, end, indexed])).toEqual([
      [4, 12, 8],
    ]);
    expect(verdictOf(audit)).toEqual({ gaps: 0, doubles: 0, undecided: 0, clean: true });
    expect(topic.open).toBe(0);
  });

  test("a record rejected by the repair counts by its new dead letter", async () => {
    const topic = world({ outcome: "dead-lettered" });
    topic.fill(0, 0, 5);
    topic.lose(0, 2);
    const audit = await topic.run(true);
    expect(audit.repair).toMatchObject({ "dead-lettered": 1 });
    expect(verdictOf(audit).clean).toBe(true);
  });

  test("a record that the repair settled but the second pass does not find is still a gap", async () => {
    const topic = world();
    topic.fill(0, 0, 5);
    topic.lose(0, 2);
    topic.deps.ingest = () => Promise.resolve({ outcomes: ["indexed"], retry: null });
    const audit = await topic.run(true);
    expect(audit.repair).toMatchObject({ indexed: 1 });
    expect(verdictOf(audit)).toMatchObject({ gaps: 1, clean: false });
  });

  test.each(["duplicate", "skipped"] as const)(
    "a record that the repair settled as %s is no longer a gap",
    async (outcome) => {
      const topic = world({ outcome });
      topic.fill(0, 0, 5);
      topic.lose(0, 2, 4);
      topic.deps.ingest = (list) =>
        Promise.resolve({
          outcomes: list.map(({ offset }) => (offset === 2 ? outcome : "indexed")),
          retry: null,
        });
      const audit = await topic.run(true);
      expect(verdictOf(audit)).toMatchObject({ gaps: 1, undecided: 0, clean: false });
      expect(audit.after && totalsOf(audit.after)).toMatchObject({ repaired: 1, gaps: 1, indexed: 1 });
    },
  );

  test("an index's own pipeline may have dropped records, and a repair decides", async () => {
    const topic = world({ piped: ["app"], outcome: "skipped" });
    topic.fill(0, 0, 5);
    topic.lose(0, 2, 3);
    expect(verdictOf(await topic.run())).toEqual({ gaps: 0, doubles: 0, undecided: 2, clean: true });
    expect(verdictOf(await topic.run(true))).toEqual({ gaps: 0, doubles: 0, undecided: 0, clean: true });
  });

  test("records that the pipeline sent to another index are accounted for, and only unfound ones are looked for", async () => {
    const topic = world({ spec: { pipeline: "p" } });
    topic.fill(0, 0, 5);
    topic.lose(0, 1, 3);
    const idOf = (offset: number) => documentId("app", sourceRecord("line", { offset }));
    topic.elsewhere.add(idOf(1));
    const audit = await topic.run();
    expect(totalsOf(audit.found)).toMatchObject({ indexed: 3, elsewhere: 1, dropped: 1, gaps: 0 });
    expect(topic.sought).toEqual([idOf(1), idOf(3)]);
    expect(verdictOf(audit)).toMatchObject({ undecided: 1, clean: true });
  });

  test("also if it sent on a whole day, so that the day's own index does not exist", async () => {
    const topic = world({ spec: { pipeline: "p", index: "logs-{yyyy.MM.dd}" } });
    topic.fill(0, 0, 2);
    topic.lose(0, 0, 1);
    topic.elsewhere.add(documentId("app", sourceRecord("line", { offset: 0 })));
    expect(totalsOf((await topic.run()).found)).toMatchObject({ elsewhere: 1, expired: 1 });
  });

  test("without a pipeline a copy in another index accounts for nothing", async () => {
    const topic = world();
    topic.fill(0, 0, 2);
    topic.lose(0, 1);
    topic.elsewhere.add(documentId("app", sourceRecord("line", { offset: 1 })));
    expect(verdictOf(await topic.run())).toMatchObject({ gaps: 1, clean: false });
    expect(topic.sought).toEqual([]);
  });

  test("a record that the pipeline drops again was dropped", async () => {
    const topic = world({ spec: { pipeline: "p" }, outcome: "skipped" });
    topic.fill(0, 0, 5);
    topic.lose(0, 2, 3);
    expect(verdictOf(await topic.run())).toEqual({ gaps: 0, doubles: 0, undecided: 2, clean: true });
    const audit = await topic.run(true);
    expect(audit.repair).toMatchObject({ skipped: 2 });
    expect(verdictOf(audit)).toEqual({ gaps: 0, doubles: 0, undecided: 0, clean: true });
  });

  test("documents at offsets that Kafka has deleted are only counted", async () => {
    const topic = world();
    topic.fill(0, 10, 15);
    for (const offset of [3, 4]) topic.put(0, offset, 1);
    const audit = await topic.run();
    expect(audit.found.belowLog).toBe(2);
    expect(totalsOf(audit.found)).toMatchObject({ offsets: 5, indexed: 5, stale: 0 });
  });

  test("startAt latest: from the lowest document or dead letter", async () => {
    const topic = world({ spec: { startAt: "latest" } });
    topic.fill(0, 0, 10);
    topic.lose(0, 0, 1, 2, 3, 4, 5, 7);
    expect((await topic.run()).found.partitions[0]).toMatchObject({ start: 6, end: 10, indexed: 3 });
    const { timestamp } = sourceRecord("line");
    topic.burials.add("app", { partition: 0, offset: 5, timestamp });
    expect((await topic.run()).found.partitions[0]).toMatchObject({ start: 5, indexed: 3, deadLettered: 1 });
    topic.commit(0, 3);
    const unknown = await topic.run();
    expect(unknown.unknownPartitions).toBe(1);
    expect(totalsOf(unknown.found).offsets).toBe(0);
  });

  test("a partition without a commit is not read", async () => {
    const topic = world();
    topic.fill(0, 0, 10);
    topic.commit(0, null);
    const audit = await topic.run();
    expect(totalsOf(audit.found).offsets).toBe(0);
    expect(audit.notes).toEqual(["group penstock.app has committed nothing"]);
    topic.fill(1, 0, 1);
    expect((await topic.run()).notes).toEqual(["partition 0: nothing is committed yet"]);
  });

  test("if Kafka stops before the end, the rest was deleted meanwhile: no records, and no gaps", async () => {
    const topic = world();
    topic.fill(0, 0, 10);
    topic.lose(0, 8, 9);
    const whole = { ...topic.deps };
    Object.assign(topic.deps, {
      readSpans: (spans, onBatch) =>
        whole.readSpans(spans, (batch) => (batch.end > 6 ? Promise.resolve() : onBatch(batch))),
    } satisfies Partial<AuditTopicDeps>);
    const audit = await topic.run();
    expect(totalsOf(audit.found)).toMatchObject({ offsets: 10, indexed: 8, notRecords: 2, gaps: 0 });
  });

  test("there is no verdict if the topic's only index is closed", async () => {
    const topic = world();
    topic.fill(0, 0, 3);
    topic.names.closed.add("app");
    expect(await rejection(topic.run(true))).toHaveProperty(
      "message",
      expect.stringContaining('index "app" of topic "app" is closed'),
    );
    expect(topic.ingested).toEqual([]);
  });

  test("a failing reader fails the audit, and everything opened is closed", async () => {
    const topic = world();
    topic.fill(0, 0, 3);
    Object.assign(topic.deps, { readSpans: () => Promise.reject(new Error("Kafka is gone")) });
    expect(await rejection(topic.run())).toHaveProperty("message", expect.stringContaining("Kafka is gone"));
    expect(topic.open).toBe(0);
  });
});

describe("the audit of an alias or data stream", () => {
  const createdMs = Date.UTC(2027, 0, 1);
  const generations = (number: number, closed: string | null = null): Generations => ({
    target: "app",
    oldest: { name: `.ds-app-00000${number}`, createdMs, closed: false },
    hadOlder: number > 1,
    closed,
  });

  test("what a lifecycle deleted is expired, and a repair does not bring it back", async () => {
    const topic = world({ generations: generations(3), firstOffset: 4 });
    topic.fill(0, 0, 8);
    topic.lose(0, 0, 1, 2, 3, 6);
    const audit = await topic.run(true);
    expect(totalsOf(audit.found)).toMatchObject({ indexed: 3, expired: 4, gaps: 1 });
    expect(audit.found.partitions[0]?.gaps.ranges).toEqual([
      { start: 6, end: 7, label: "or expired with an index of app before .ds-app-000003" },
    ]);
    expect(topic.ingested.map(({ offset }) => offset)).toEqual([6]);
    expect(verdictOf(audit)).toMatchObject({ gaps: 0, clean: true });
  });

  test("a missing record is looked for by its id: its index may have left the alias", async () => {
    const topic = world({ generations: generations(1) });
    topic.fill(0, 0, 3);
    topic.lose(0, 1, 2);
    topic.elsewhere.add(documentId("app", sourceRecord("line", { offset: 1 })));
    const audit = await topic.run(true);
    expect([topic.soughtAgain.length, topic.sought.length]).toEqual([2, 0]);
    expect(totalsOf(audit.found)).toMatchObject({ indexed: 1, elsewhere: 1, gaps: 1 });
    expect(topic.ingested.map(({ offset }) => offset)).toEqual([2]);
  });

  test("expired ones are looked for only if some index left the alias: there may be millions", async () => {
    for (const hasStrayed of [false, true]) {
      const topic = world({ generations: generations(2), firstOffset: 2, hasStrayed });
      topic.fill(0, 0, 3);
      topic.lose(0, 0, 1);
      topic.elsewhere.add(documentId("app", sourceRecord("line", { offset: 1 })));
      const { found } = await topic.run();
      expect(totalsOf(found)).toMatchObject(
        hasStrayed ? { expired: 1, elsewhere: 1 } : { expired: 2, elsewhere: 0 },
      );
    }
  });

  test("where shards of other indices did not answer, whatever is missing is looked for by its id", async () => {
    for (const index of ["app", "app-{yyyy.MM.dd}"]) {
      const topic = world({ spec: { index }, isPartial: true });
      topic.fill(0, 0, 3);
      await topic.run();
      expect(topic.soughtAgain).toEqual([]);
      topic.lose(0, 0, 1);
      topic.elsewhere.add(documentId("app", sourceRecord("line", { offset: 1 })));
      const { found, notes } = await topic.run();
      expect(notes).toEqual(["shards of other indices do not answer: copies of records there are not seen"]);
      expect(topic.soughtAgain).toHaveLength(2);
      expect(totalsOf(found)).toMatchObject({ indexed: 1, elsewhere: 1 });
    }
  });

  test("with a pipeline, a missing record may be in any index", async () => {
    const topic = world({ generations: generations(1), spec: { pipeline: "p" } });
    topic.fill(0, 0, 2);
    topic.lose(0, 1);
    await topic.run();
    expect([topic.soughtAgain.length, topic.sought.length]).toEqual([0, 1]);
  });

  test("after a repair, copies that somebody else wrote meanwhile are removed; one index needs none of this", async () => {
    for (const options of [{}, { generations: generations(1) }]) {
      const topic = world(options);
      topic.fill(0, 0, 3);
      topic.lose(0, 1);
      await topic.run(true);
      expect(topic.compared).toEqual(
        "generations" in options ? [documentId("app", sourceRecord("line", { offset: 1 }))] : [],
      );
    }
  });

  test("a closed index behind it ends the audit: what it holds would look like gaps", async () => {
    const topic = world({ generations: generations(1, ".ds-app-000002") });
    topic.fill(0, 0, 3);
    expect(await rejection(topic.run(true))).toHaveProperty(
      "message",
      'index ".ds-app-000002" behind "app" of topic "app" is closed: open it so that its documents can be counted',
    );
    expect([topic.open, topic.ingested.length]).toEqual([0, 0]);
  });
});

test("what a rewind skipped is listed apart, unless it is there, and not repaired; before where it began nothing is missing", async () => {
  const topic = world();
  topic.fill(0, 0, 20);
  topic.lose(0, 0, 1, 5, 7, 8, 12);
  topic.marks.set(0, { order: "x", from: 2, below: null, skipped: [{ from: 5, to: 10 }] });
  const audit = await topic.run(true);
  expect(totalsOf(audit.found)).toMatchObject({ offsets: 18, indexed: 14, skipped: 3, gaps: 1 });
  expect(audit.found.partitions[0]?.skipped.ranges.map(({ start, end }) => [start, end])).toEqual([
    [5, 6],
    [7, 9],
  ]);
  expect(topic.ingested.map(({ offset }) => offset)).toEqual([12]);
  expect(verdictOf(audit).clean).toBe(true);
});

test("doubles are removed on request only, and looked at again", async () => {
  for (const remove of [false, true]) {
    const topic = world();
    topic.fill(0, 0, 9);
    const { timestamp } = sourceRecord("line");
    topic.put(0, 2, timestamp, "older");
    topic.put(0, 7, timestamp, "older");
    topic.lose(0, 5);
    const audit = await topic.run(false, remove);
    expect(topic.compared).toEqual(
      remove ? [2, 7].map((offset) => documentId("app", sourceRecord("line", { offset }))) : [],
    );
    expect(audit.removedDoubles).toBe(remove ? 2 : null);
    expect(totalsOf(audit.found).doubles).toBe(2);
    expect(verdictOf(audit)).toMatchObject({ doubles: remove ? 0 : 2, gaps: 1 });
  }
});

test("of doubles in several days, it is said in which day the record belongs", async () => {
  const topic = world({ spec: { index: "app-{yyyy.MM.dd}" } });
  topic.fill(0, 0, 9);
  const { timestamp } = sourceRecord("line");
  topic.put(0, 2, timestamp, "app-1970.01.01");
  // Of a recreated topic: its record is not known.
  topic.put(0, 7, 1, "app-1970.01.01");
  topic.put(0, 7, 1, "app-1970.01.02");
  await topic.run(false, true);
  const idOf = (offset: number, changes = {}) =>
    documentId("app", sourceRecord("line", { offset, ...changes }));
  expect(topic.compared).toEqual([`${idOf(2)} in app-2026.01.02`, idOf(7, { timestamp: 1 })]);
});

test("of doubles in indices that a field chose, it is asked for first which of them the topic uses", async () => {
  const topic = world({ spec: { index: "app-{host.name}" } });
  topic.fill(0, 0, 3);
  topic.put(0, 2, sourceRecord("line").timestamp, "older");
  let isKnown = false;
  const indices: NonNullable<AuditTopicDeps["indices"]> = {
    get isOpen() {
      return !isKnown;
    },
    choose: ({ name, fallback }) => (isKnown ? name : fallback),
    isTaken: () => isKnown,
    look() {
      isKnown = true;
      return Promise.resolve();
    },
  };
  await topic.run(false, true, { indices });
  expect(topic.compared).toEqual([expect.stringContaining(" in app-")]);
});
