import { describe, expect, test } from "bun:test";
import { array, assert, asyncProperty, constantFrom } from "fast-check";
import {
  auditAgainst,
  type AuditAgainstInput,
  type ForeignDocuments,
} from "../../functions/audit-against.ts";
import { noFailures } from "../../lib/rules/dead-letters/failure-stores.ts";
import { indexShapeOf } from "../../lib/rules/audit/against/cause.ts";
import { foreignDocument, type ForeignDocument } from "../../lib/rules/audit/against/position.ts";
import { PenstockError } from "../../lib/rules/base/errors.ts";
import { SetAside, type SourceRecord } from "../../lib/rules/model/record.ts";
import { streamStore } from "../support/failure-stores.ts";
import { sourceRecord } from "../support/records.ts";
import { rounds } from "../support/rounds.ts";

type Query = Record<string, unknown>;
type Stored = readonly [id: string, source: Record<string, unknown>, index?: string];

/** Whether a document matches; every field is mapped by its value, every word is a term. */
function matches(query: Query, { id, leaves }: ForeignDocument): boolean {
  const [[kind, raw] = ["", {}]] = Object.entries(query);
  const body = raw as Record<string, never>;
  const [[field, value] = ["", undefined as unknown]] = Object.entries(body);
  const all = (list: readonly Query[] = []) => list.every((one) => matches(one, { id, index: "", leaves }));
  switch (kind) {
    case "match_all":
      return true;
    case "bool": {
      const { filter, should, must_not: not } = body as Record<string, readonly Query[]>;
      const none = not?.some((one) => matches(one, { id, index: "", leaves })) ?? false;
      return all(filter) && !none && (should?.some((one) => all([one])) ?? true);
    }
    case "ids":
      return (value as readonly string[]).includes(id);
    case "exists":
      return leaves.has(String(value));
    case "term":
      return leaves.get(field) === String(value);
    case "terms":
      return (value as readonly string[]).includes(leaves.get(field) ?? "-");
    case "match":
      return leaves.get(field) === (value as { query: string }).query;
    case "multi_match":
      return false;
    case "range": {
      const { gte = -Infinity, lt = Infinity } = value as { gte?: number; lt?: number };
      const own = Number(leaves.get(field) ?? Number.NaN);
      return own >= gte && own < lt;
    }
    default:
      throw new Error(`a query of an unknown kind: ${kind}`);
  }
}

function indexOf(
  stored: readonly Stored[],
  types: Readonly<Record<string, string>> = {},
  unsearchable = "-",
): ForeignDocuments {
  const documents = stored.map(([id, source, index = "logs"]) => foreignDocument(id, index, source));
  const found = (query: object) =>
    JSON.stringify(query).includes(`"term":{"${unsearchable}"`)
      ? []
      : documents.filter((one) => matches(query as Query, one));
  return {
    closed: [],
    shape: indexShapeOf("logs", {}, {}),
    count: (query) => Promise.resolve(found(query).length),
    sample: (query, size) => Promise.resolve(found(query).slice(0, size)),
    best: (query) => Promise.resolve(found(query)[0] ?? null),
    find(query, _, onPage) {
      for (const document of found(query)) onPage([document]);
      return Promise.resolve();
    },
    types: (fields) => Promise.resolve(new Map(fields.map((field) => [field, [types[field] ?? "long"]]))),
  };
}

function run(
  records: readonly SourceRecord[],
  index: ForeignDocuments,
  changes: Partial<AuditAgainstInput> = {},
) {
  const partitions = Map.groupBy(records, ({ partition }) => partition);
  const log = new Map(
    [...partitions].map(([partition, own]) => [
      partition,
      { start: own[0]?.offset ?? 0, end: (own.at(-1)?.offset ?? 0) + 1 },
    ]),
  );
  const input = { topic: "app", index: "logs", log, committed: null, position: "find", ...changes } as const;
  return auditAgainst(input, {
    index,
    signal: new AbortController().signal,
    failureStores: {
      survey(targets) {
        const streams = [
          streamStore("stream"),
          streamStore("secret", { readable: false }),
          streamStore("silent"),
        ];
        return Promise.resolve({ streams: targets.includes("stream") ? streams : [], problems: [] });
      },
      contents(stream) {
        if (stream === "silent")
          return Promise.reject(new PenstockError("elasticsearch_unavailable", "a shard is away"));
        const sample = { id: null, reason: "failed to parse field [n]" };
        const kind = {
          error: "document_parsing_exception",
          documents: 3,
          firstSeen: "",
          lastSeen: "",
          sample,
        };
        return Promise.resolve({ ours: noFailures, others: { ...noFailures, documents: 3, kinds: [kind] } });
      },
    },
    onProgress: () => {},
    async readSpans(spans, onBatch) {
      for (const [partition, { start, end }] of spans) {
        const own = (partitions.get(partition) ?? []).filter(({ offset }) => offset >= start && offset < end);
        const half = own[Math.floor(own.length / 2)]?.offset ?? end;
        await onBatch({ partition, records: own.filter(({ offset }) => offset < half), end: half });
        await onBatch({ partition, records: own.filter(({ offset }) => offset >= half), end });
      }
    },
  });
}

/** Records at offsets from 10 of two partitions. */
function records(count: number, value = (n: number) => `line ${n}`): SourceRecord[] {
  return Array.from({ length: count }, (_, n) =>
    sourceRecord(value(n), { partition: n % 2, offset: 10 + Math.floor(n / 2) }),
  );
}

const forms: Readonly<Record<string, (record: SourceRecord, copy: string, text: string) => Stored>> = {
  "fields with numbers": ({ partition, offset }, copy, message) => [
    `${partition}.${offset}${copy}x`,
    { message, kafka: { topic: "app", partition, offset } },
  ],
  "fields with texts": ({ partition, offset }, copy, message) => [
    `${partition}.${offset}${copy}x`,
    { message, kafka_topic: "app", kafka_partition: String(partition), kafka_offset: String(offset) },
  ],
  ids: ({ partition, offset }, copy, message) => [`app+${partition}+${offset}`, { message }, `logs${copy}`],
};
const textTypes = { kafka_offset: "keyword" };

describe("a topic against an index that another tool filled", () => {
  for (const [name, document] of Object.entries(forms)) {
    test(`by ${name}: exactly what was deleted, doubled and changed`, async () => {
      await assert(
        asyncProperty(
          array(constantFrom("kept", "kept", "kept", "kept", "lost", "twice", "changed"), {
            minLength: 30,
            maxLength: 80,
          }),
          async (fates) => {
            // At least half of the records must be as they were, otherwise contents are not compared.
            const all = records(fates.length * 2);
            const fateOf = (n: number): string => fates[n] ?? "kept";
            const stored = all.flatMap((record, n): Stored[] => {
              const [fate, text] = [fateOf(n), `line ${n}`];
              if (fate === "lost") return [];
              const first = document(record, "", fate === "changed" ? "other" : text);
              return fate === "twice" ? [first, document(record, "-2", text)] : [first];
            });
            const result = await run(all, indexOf(stored, textTypes));
            const at = (fate: string) =>
              new Set(
                all.flatMap(({ partition, offset }, n) =>
                  fateOf(n) === fate ? [`${partition}:${offset}`] : [],
                ),
              );
            const told = ({ at: ranges }: typeof result.missing) =>
              new Set(
                ranges.flatMap(({ partition, from, to }) =>
                  Array.from({ length: to - from + 1 }, (_, n) => `${partition}:${from + n}`),
                ),
              );
            expect(result.mode).toBe("position");
            expect(told(result.missing)).toEqual(at("lost"));
            expect(told(result.doubled)).toEqual(at("twice"));
            expect(told(result.changed)).toEqual(at("changed"));
            expect(result.unknown).toEqual({ count: 0, at: [] });
            const wrong = [result.missing, result.doubled, result.changed].map(({ count }) => count);
            expect(wrong).toEqual(["lost", "twice", "changed"].map((fate) => at(fate).size));
            expect(result.clean).toBe(wrong.every((count) => count === 0));
          },
        ),
        { numRuns: rounds(20, 8) },
      );
    });

    test(`by ${name}: documents below and beyond the log, of other topics and of no record`, async () => {
      const all = records(40).filter(({ offset }) => offset !== 20);
      const of = (partition: number, offset: number) => sourceRecord("", { partition, offset });
      const other = document(of(0, 15), "", "x").map(
        (part) => JSON.parse(JSON.stringify(part).replaceAll("app", "other")) as unknown,
      ) as unknown as Stored;
      const stored = [
        ...all.map((record) => document(record, "", String(record.value))),
        document(of(0, 3), "", "deleted in Kafka"),
        document(of(1, 9), "", "deleted in Kafka"),
        document(of(0, 1_000), "", "written since"),
        document(of(0, 20), "", "compacted"),
        document(of(7, 1), "", "no such partition"),
        other,
      ];
      const result = await run(all, indexOf(stored, textTypes));
      expect(result.clean).toBe(true);
      expect(result.unknown.count).toBe(2);
      expect(result.notes).toContain(
        "2 documents of records that Kafka has deleted since: cannot be checked",
      );
      expect(result.notes).toContain("1 document of records beyond the compared offsets: not checked");
    });
  }

  test("records beyond what the tool's group has committed are not missing", async () => {
    const all = records(40);
    const stored = all
      .filter(({ offset }) => offset < 20)
      .map(({ partition, offset, value }): Stored => [
        `app+${partition}+${offset}`,
        { message: String(value) },
      ]);
    const committed = new Map([
      [0, 20],
      [1, 20],
    ]);
    expect((await run(all, indexOf(stored))).missing.count).toBe(20);
    const result = await run(all, indexOf(stored), { committed });
    expect(result.missing.count).toBe(0);
    expect(result.notes).toContain("20 offsets beyond what the group has committed: not compared");
  });

  test("documents of another topic are left out, even if their topic cannot be searched", async () => {
    const all = records(40);
    const stored = ["app", "other"].flatMap((topic) =>
      all.map(({ partition, offset, value }): Stored => [
        `${topic}${partition}-${offset}-`,
        { message: String(value), topic, partition, offset },
      ]),
    );
    const result = await run(all, indexOf(stored, {}, "topic"));
    expect(result).toMatchObject({ mode: "position", clean: true, doubled: { count: 0 } });
  });

  test("documents at offsets without a record after the last record, or in an unreadable batch", async () => {
    const setAside = new SetAside({ type: "batch_unreadable", reason: "", end: 40, records: 5 });
    const all = records(40, () => "line").map((record) =>
      record.offset === 29 && record.partition === 1
        ? sourceRecord(record.value, { partition: 1, offset: 29, setAside })
        : record,
    );
    const stored = [
      ...all
        .filter(({ setAside }) => setAside === undefined)
        .map(({ partition, offset }) => ({ partition, offset, value: "line" })),
      { partition: 0, offset: 31, value: "compacted" },
      { partition: 1, offset: 30, value: "of the batch" },
      { partition: 2, offset: 3, value: "aborted" },
    ].map(({ partition, offset, value }): Stored => ["x", { message: value, partition, offset }]);
    const log = new Map([
      [0, { start: 10, end: 35 }],
      [1, { start: 10, end: 40 }],
      [2, { start: 0, end: 5 }],
    ]);
    const { unknown, missing } = await run(all, indexOf(stored), { log });
    expect(missing.count).toBe(0);
    expect(unknown).toEqual({
      count: 6,
      at: [
        { partition: 0, from: 31, to: 31 },
        { partition: 1, from: 29, to: 29 },
        { partition: 1, from: 31, to: 33 },
        { partition: 2, from: 3, to: 3 },
      ],
    });
  });

  test("records without a value are not judged", async () => {
    const all = [...records(20), sourceRecord(null, { partition: 0, offset: 20 })];
    const result = await run(
      all,
      indexOf(
        records(20).map((one) => [
          "x",
          { message: String(one.value), partition: one.partition, offset: one.offset },
        ]),
      ),
    );
    expect(result).toMatchObject({ clean: true, nulls: 1 });
  });

  test("contents that the tool makes something else of are not compared, and the result says so", async () => {
    const all = records(20);
    const stored = all.map(({ partition, offset }): Stored => [
      "x",
      { partition, offset, parsed: "otherwise" },
    ]);
    const result = await run(all, indexOf(stored));
    expect(result).toMatchObject({ clean: true, compared: 0 });
    expect(result.notes.join()).toContain("contents were not compared: only 0 of");
  });

  test("a position that no document tells where it was said to be is an error, not a comparison of contents", () => {
    const position = { kind: "fields", topic: null, partition: "p", offset: "o" } as const;
    const stored = records(20).map(({ value }): Stored => ["x", { message: String(value) }]);
    expect(run(records(20), indexOf(stored), { position })).rejects.toThrow(
      '--position: none of 20 sampled documents tells a position by the fields p and o that topic "app" has',
    );
  });

  test("an empty index lacks everything", async () => {
    const result = await run(records(10), indexOf([]));
    expect(result.by).toBe("the index is empty");
    expect(result.missing).toEqual({
      count: 10,
      at: [
        { partition: 0, from: 10, to: 14 },
        { partition: 1, from: 10, to: 14 },
      ],
    });
  });
});

test("what lies in failure stores is told if something is missing", async () => {
  const all = records(20);
  const stored = all.map(({ partition, offset, value }): Stored => [
    `app+${partition}+${offset}`,
    { message: String(value) },
  ]);
  const notes = async (some: readonly Stored[]) => (await run(all, indexOf(some), { index: "stream" })).notes;
  expect(await notes(stored)).toEqual([]);
  expect(await notes(stored.slice(3))).toEqual([
    "Elasticsearch refused 3 documents, which lie in the failure store of stream: 3 document_parsing_exception (failed to parse field [n])",
    "the failure store of secret may hold some: reading it needs the privilege read_failure_store",
    "the failure store of silent may hold some: it could not be read (a shard is away)",
  ]);
});

test("a topic without records: there is nothing to compare", async () => {
  for (const stored of [[], [["x", { message: "of records that Kafka has deleted" }]]] as Stored[][]) {
    const log = new Map([[0, { start: 5, end: 5 }]]);
    expect(await run([], indexOf(stored), { log })).toMatchObject({ clean: true, records: 0 });
  }
});

describe("without positions, by content", () => {
  const plain = (text: string, n: number): Stored => [`id-${n}`, { message: text, host: "a" }];

  test("what is missing and doubled is named; a changed record is missing, and its document unknown", async () => {
    const all = records(200);
    const texts = all.map(({ value }) => String(value)).filter((_, n) => ![3, 4, 77].includes(n));
    texts[50] = "changed";
    const stored = [...texts, "line 9", "line 9", "line 11"].map(plain);
    const result = await run(all, indexOf(stored));
    expect(result).toMatchObject({
      mode: "content",
      clean: false,
      missing: {
        count: 4,
        at: [
          { partition: 0, from: 12, to: 12 },
          { partition: 0, from: 36, to: 36 },
          { partition: 1, from: 11, to: 11 },
          { partition: 1, from: 48, to: 48 },
        ],
      },
      doubled: {
        count: 2,
        at: [{ partition: 1, from: 14, to: 15 }],
      },
      extraDocuments: 3,
      changed: { count: 0, at: [] },
      unknown: { count: 1, at: [] },
      unknownIds: ["id-50"],
    });
    expect(result.notes.join("\n")).toContain("a changed record cannot be told from a lost one: up to 1 of");
    expect(result.minutes).toEqual([{ minute: "2026-01-02T03:04:00.000Z", missing: 4, doubled: 2 }]);
  });

  test("records with the same content are counted, and which of them is named is said to be chance", async () => {
    const all = records(100, (n) => (n % 10 === 0 ? "heartbeat" : `line ${n}`));
    const stored = all
      .map(({ value }) => String(value))
      .filter((_, n) => n !== 10)
      .map(plain);
    const result = await run(all, indexOf(stored));
    expect(result.missing.count).toBe(1);
    expect(result.notes.join()).toContain("the same content as others");
  });

  test("ids that are the records' keys: a later record of the same key overwrote the earlier one", async () => {
    const all = records(100).map((record, n) =>
      sourceRecord(record.value, {
        partition: record.partition,
        offset: record.offset,
        key: Buffer.from(`key-${n % 90}`),
      }),
    );
    const stored = new Map(all.map(({ key, value }) => [String(key), String(value)]));
    const result = await run(all, indexOf([...stored].map(([id, message]): Stored => [id, { message }])));
    expect(result.missing.count).toBe(10);
    expect(result.notes.join()).toContain("the ids are the records' keys");
  });

  test("an index of something else is refused", async () => {
    const stored = Array.from({ length: 20 }, (_, n) => plain(`something else ${n}`, n));
    const other = "is it the right index";
    expect(run(records(20), indexOf(stored))).rejects.toThrow(other);
    const bare = stored.map(([id]): Stored => [id, {}]);
    expect(run(records(20), indexOf(bare))).rejects.toThrow("they have no _source");
    const unmapped = indexOf(
      records(20).map(({ partition, offset }, n): Stored => [`x${n}`, { partition, offset }]),
      {},
      "partition",
    );
    expect(run(records(20), { ...unmapped, best: () => Promise.resolve(null) })).rejects.toThrow(
      "they tell positions by the fields partition and offset, but the mapping",
    );
  });
});
