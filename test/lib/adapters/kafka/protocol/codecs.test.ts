import { describe, expect, test } from "bun:test";
import { createRequire } from "node:module";
import * as fc from "fast-check";
import { BinaryReader, BinaryWriter } from "../../../../../lib/rules/group/protocol/binary.ts";
import type { ApiCodec } from "../../../../../lib/adapters/kafka/protocol/codec.ts";
import { apiCodecs } from "../../../../../lib/adapters/kafka/protocol/codecs.ts";
import { fetchCodec } from "../../../../../lib/adapters/kafka/protocol/fetch-codec.ts";
import { metadata } from "../../../../../lib/adapters/kafka/protocol/metadata-codecs.ts";
import type {
  FetchAnswer,
  KafkaApi,
  KafkaCalls,
  MetadataAnswer,
} from "../../../../../lib/adapters/kafka/protocol/wire.ts";
import { rejection } from "../../../../support/rejection.ts";

const require = createRequire(import.meta.url);

type Protocol = (options: object) => {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    encode(): Promise<{ readonly buffer: Buffer }>;
  };
};
const { requests } = require("kafkajs/src/protocol/requests") as {
  requests: Record<string, { protocol(options: { version: number }): Protocol }>;
};

/** The bytes that kafkajs sends at the same version. */
async function theirs(name: string, version: number, options: object) {
  const { request } = requests[name]?.protocol({ version })(options) ?? expect.unreachable(name);
  return { key: request.apiKey, version: request.apiVersion, bytes: (await request.encode()).buffer };
}

function ours<A extends KafkaApi>(api: A, request: KafkaCalls[A]["request"]) {
  const codec: ApiCodec<A> = apiCodecs[api];
  const writer = new BinaryWriter();
  codec.encode(writer, request);
  return { key: codec.key, version: codec.version, bytes: writer.written };
}

const name = fc.string({ maxLength: 20, unit: "grapheme" });
const int = fc.integer({ min: -1, max: 2 ** 31 - 1 });
const offset = fc.oneof(fc.constantFrom(-2, -1, 0), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));
const bytes = fc.uint8Array({ maxLength: 700 }).map((array) => Buffer.from(array));
const topics = <P>(partition: fc.Arbitrary<P>) =>
  fc.array(fc.record({ topic: name, partitions: fc.array(partition, { maxLength: 4 }) }), { maxLength: 4 });
const token = fc.record({ groupId: name, generation: int, memberId: name });

describe("requests equal those of kafkajs at the same version, byte for byte", () => {
  test("Fetch", async () => {
    const request = fc.record({
      maxWaitMs: int,
      minBytes: int,
      maxBytes: int,
      sessionId: int,
      sessionEpoch: int,
      rack: name,
      topics: topics(fc.record({ partition: int, fetchOffset: offset, maxBytes: int })),
      forgotten: topics(int),
    });
    await fc.assert(
      fc.asyncProperty(request, async (asked) => {
        const { maxWaitMs, rack, forgotten, ...rest } = asked;
        const options = { ...rest, maxWaitTime: maxWaitMs, rackId: rack, forgottenTopics: forgotten };
        expect(ours("Fetch", asked)).toEqual(await theirs("Fetch", 11, options));
      }),
    );
  });

  test("Metadata", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(name, { minLength: 1, maxLength: 9 }), async (asked) => {
        const options = { topics: asked, allowAutoTopicCreation: false };
        expect(ours("Metadata", { topics: asked })).toEqual(await theirs("Metadata", 6, options));
      }),
    );
    expect(ours("Metadata", { topics: null }).bytes).toEqual(Buffer.from([255, 255, 255, 255, 0]));
    expect(ours("Metadata", { topics: [] }).bytes).toEqual(Buffer.from([0, 0, 0, 0, 0]));
  });

  test("FindCoordinator, Heartbeat, LeaveGroup", async () => {
    await fc.assert(
      fc.asyncProperty(token, async ({ groupId, generation, memberId }) => {
        const options = { groupId, groupGenerationId: generation, memberId };
        expect(ours("FindCoordinator", { groupId })).toEqual(await theirs("GroupCoordinator", 2, options));
        expect(ours("Heartbeat", { groupId, generation, memberId })).toEqual(
          await theirs("Heartbeat", 3, options),
        );
        expect(ours("LeaveGroup", { groupId, memberId })).toEqual(await theirs("LeaveGroup", 2, options));
      }),
    );
  });

  test("DescribeGroups, ListGroups, DescribeConfigs", async () => {
    expect(ours("ListGroups", {})).toEqual(await theirs("ListGroups", 2, {}));
    await fc.assert(
      fc.asyncProperty(fc.array(name), fc.array(name, { minLength: 1 }), async (some, names) => {
        expect(ours("DescribeGroups", { groups: some })).toEqual(
          await theirs("DescribeGroups", 1, { groupIds: some }),
        );
        const resources = some.map((topic) => ({ type: 2, name: topic, configNames: names }));
        expect(ours("DescribeConfigs", { topics: some, names })).toEqual(
          await theirs("DescribeConfigs", 2, { resources, includeSynonyms: false }),
        );
      }),
    );
  });

  test("JoinGroup, SyncGroup", async () => {
    const join = fc.record({
      groupId: name,
      sessionTimeoutMs: int,
      rebalanceTimeoutMs: int,
      memberId: name,
      protocolType: fc.constant("consumer" as const),
      protocols: fc.array(fc.record({ name, metadata: bytes }), { maxLength: 3 }),
    });
    const sync = fc.record({
      groupId: name,
      generation: int,
      memberId: name,
      assignments: fc.array(fc.record({ memberId: name, assignment: bytes }), { maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(join, sync, async (joins, syncs) => {
        const { sessionTimeoutMs, rebalanceTimeoutMs, protocols, ...member } = joins;
        expect(ours("JoinGroup", joins)).toEqual(
          await theirs("JoinGroup", 5, {
            ...member,
            sessionTimeout: sessionTimeoutMs,
            rebalanceTimeout: rebalanceTimeoutMs,
            groupProtocols: protocols,
          }),
        );
        const { generation, assignments, ...of } = syncs;
        expect(ours("SyncGroup", syncs)).toEqual(
          await theirs("SyncGroup", 3, {
            ...of,
            generationId: generation,
            groupAssignment: assignments.map(({ memberId, assignment }) => ({
              memberId,
              memberAssignment: assignment,
            })),
          }),
        );
      }),
    );
  });

  test("OffsetCommit, OffsetFetch, ListOffsets", async () => {
    const commit = topics(fc.record({ partition: int, offset, metadata: fc.option(name) }));
    await fc.assert(
      fc.asyncProperty(token, commit, topics(int), async (member, commits, asked) => {
        const { groupId, generation, memberId } = member;
        expect(ours("OffsetCommit", { ...member, topics: commits })).toEqual(
          await theirs("OffsetCommit", 5, {
            groupId,
            groupGenerationId: generation,
            memberId,
            topics: commits,
          }),
        );
        const of = (each: (partition: number) => object) =>
          asked.map(({ topic, partitions }) => ({ topic, partitions: partitions.map(each) }));
        // For no topics, kafkajs requests all.
        if (asked.length === 0)
          expect(ours("OffsetFetch", { groupId, topics: null })).toEqual(
            await theirs("OffsetFetch", 4, { groupId, topics: [] }),
          );
        else
          expect(ours("OffsetFetch", { groupId, topics: asked })).toEqual(
            await theirs("OffsetFetch", 4, { groupId, topics: of((partition) => ({ partition })) }),
          );
        for (const [at, timestamp, isolationLevel] of [
          ["earliest", -2, 0],
          ["latest", -1, 0],
          ["stable", -1, 1],
        ] as const) {
          expect(ours("ListOffsets", { at, topics: asked })).toEqual(
            await theirs("ListOffsets", 3, {
              isolationLevel,
              topics: of((partition) => ({ partition, timestamp })),
            }),
          );
        }
      }),
    );
  });
});

/** A truncated answer is always an error, never taken for a shorter one. */
async function failsWhereverCut(decode: (reader: BinaryReader) => unknown, whole: Buffer): Promise<void> {
  for (let cut = 0; cut < whole.length; cut += 1) {
    const read = async () => decode(new BinaryReader(whole.subarray(0, cut)));
    expect(await rejection(read())).toBeInstanceOf(RangeError);
  }
}

describe("answers", () => {
  const code = { null: 0, OFFSET_OUT_OF_RANGE: 1, NOT_LEADER_FOR_PARTITION: 6, ERROR_4711: 4711 };
  type Named = Exclude<keyof typeof code, "null"> | null;
  const error = fc.constantFrom<Named>(null, "OFFSET_OUT_OF_RANGE", "NOT_LEADER_FOR_PARTITION", "ERROR_4711");
  const codeOf = (named: string | null) => code[String(named) as keyof typeof code];

  const answer = fc.record<FetchAnswer>({
    error,
    sessionId: int,
    topics: topics(
      fc.record({
        partition: int,
        error,
        highWatermark: offset,
        lastStableOffset: offset,
        logStart: offset,
        aborted: fc.array(fc.record({ producerId: offset, firstOffset: offset }), { maxLength: 3 }),
        preferredReadReplica: int,
        records: fc.option(bytes.filter(({ length }) => length > 0)),
      }),
    ),
  });

  /** Written as a broker does. `empty` stands for no records and `none` for no aborted transactions: null or length 0. */
  function written(told: FetchAnswer, empty: number, none: number): Buffer {
    const writer = new BinaryWriter();
    writer.int16(codeOf(told.error)).int32(told.sessionId);
    writer.array(told.topics, ({ topic, partitions }) =>
      writer.string(topic).array(partitions, (part) => {
        writer.int32(part.partition).int16(codeOf(part.error));
        writer.int64(part.highWatermark).int64(part.lastStableOffset).int64(part.logStart);
        if (part.aborted.length === 0) writer.int32(none);
        else
          writer.array(part.aborted, ({ producerId, firstOffset }) =>
            writer.int64(producerId).int64(firstOffset),
          );
        writer.int32(part.preferredReadReplica);
        if (Buffer.isBuffer(part.records)) writer.bytes(part.records);
        else writer.int32(empty);
      }),
    );
    return Buffer.from(writer.written);
  }

  const asked: KafkaCalls["Fetch"]["request"] = {
    maxWaitMs: 0,
    minBytes: 0,
    maxBytes: 0,
    sessionId: 0,
    sessionEpoch: -1,
    rack: "",
    topics: [],
    forgotten: [],
  };

  test("Fetch: what a broker wrote, with records as slices", async () => {
    fc.assert(
      fc.property(answer, fc.constantFrom(0, -1), fc.constantFrom(0, -1), (told, empty, none) => {
        const sent = written(told, empty, none);
        const read = fetchCodec.decode(new BinaryReader(sent), asked);
        expect(read).toEqual(told);
        for (const { records } of read.topics.flatMap(({ partitions }) => partitions))
          if (Buffer.isBuffer(records)) expect(records.buffer).toBe(sent.buffer);
      }),
    );
    const [sample] = fc.sample(
      answer.filter((told) => told.topics.length > 1),
      { seed: 1, numRuns: 1 },
    );
    await failsWhereverCut(
      (reader) => fetchCodec.decode(reader, asked),
      written(sample ?? expect.unreachable(), -1, -1),
    );
  });

  test("Metadata: what a broker wrote", async () => {
    const told = fc.record<MetadataAnswer>({
      brokers: fc.array(fc.record({ nodeId: int, host: name, port: int, rack: fc.option(name) }), {
        maxLength: 4,
      }),
      topics: fc.array(
        fc.record({
          topic: name,
          error,
          partitions: fc.array(fc.record({ partition: int, error, leader: int }), { maxLength: 4 }),
        }),
        { maxLength: 4 },
      ),
    });
    const written = (answer: MetadataAnswer, replicas: readonly number[]): Buffer => {
      const writer = new BinaryWriter();
      const int32s = (): unknown => writer.array(replicas, (replica) => writer.int32(replica));
      writer.array(answer.brokers, ({ nodeId, host, port, rack }) =>
        writer.int32(nodeId).string(host).int32(port).nullableString(rack),
      );
      writer.nullableString("cluster").int32(1);
      writer.array(answer.topics, ({ topic, error, partitions }) => {
        writer.int16(codeOf(error)).string(topic).int8(1);
        writer.array(partitions, (part) => {
          writer.int16(codeOf(part.error)).int32(part.partition).int32(part.leader);
          int32s();
          int32s();
          int32s();
        });
      });
      return Buffer.from(writer.written);
    };
    fc.assert(
      fc.property(told, fc.array(int, { maxLength: 3 }), (answer, replicas) => {
        expect(metadata.decode(new BinaryReader(written(answer, replicas)), { topics: [] })).toEqual(answer);
      }),
    );
    const [sample] = fc.sample(
      told.filter(({ topics }) => topics.length > 1),
      { seed: 1, numRuns: 1 },
    );
    await failsWhereverCut(
      (reader) => metadata.decode(reader, { topics: [] }),
      written(sample ?? expect.unreachable(), [1]),
    );

    const all = { topics: null } as const;
    const sent = written(sample ?? expect.unreachable(), [1]);
    const known = metadata.decode(new BinaryReader(sent), all);
    const again = metadata.decode(new BinaryReader(Buffer.from(sent)), { ...all, known });
    expect(again.topics).toBe(known.topics);
    const other = metadata.decode(new BinaryReader(written(known, [2])), { ...all, known });
    expect(other.topics).not.toBe(known.topics);
    expect(other.topics).toEqual(known.topics);
  });
});
