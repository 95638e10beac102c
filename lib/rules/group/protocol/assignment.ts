import { Reader, UnreadableBytes, Writer } from "./bytes.ts";
import { pack, unpack } from "./packed.ts";
import type { PartitionsOf } from "./subscription.ts";

/**
 * The status of a topic that a member wants. `left_out`: no room for it in the group's record. `missing`: Kafka knows
 * no such topic. `forbidden`: the leader may not describe it. `unknown`: the leader does not know its partitions yet.
 */
export const STANDINGS = ["given", "left_out", "missing", "forbidden", "unknown"] as const;
export type Standing = (typeof STANDINGS)[number];

/** The size the group's record would have needed, if that is too much. */
export interface Room {
  readonly neededBytes: number;
  readonly limitBytes: number;
  /** How many topics of all members had to be left out. */
  readonly leftOut: number;
}

/** The leader's message to one member. */
export interface Assignment {
  readonly partitions: PartitionsOf;
  /** One for each topic that the member said it wants, in the same order. `partitions`: their number; 0 if unknown. */
  readonly topics: readonly { readonly standing: Standing; readonly partitions: number }[];
  /** Null if everything fits. */
  readonly room: Room | null;
}

/** The assignment in a SyncGroup's answer, by its writer. */
export type ReadAssignment =
  | ({ readonly kind: "ours" } & Assignment)
  /** The leader did not mention this member; Kafka then sends it an empty assignment. */
  | { readonly kind: "none" }
  /** The leader is another client, or a version of ours with another format. */
  | { readonly kind: "foreign" };

const VERSION = 0;

/** A version 0 `ConsumerProtocolAssignment` (Kafka's schema of that name), so that Kafka's tools show who owns what. */
export function encodeAssignment({ partitions, topics, room }: Assignment): Uint8Array {
  const writer = new Writer().int16(VERSION).int32(partitions.size);
  for (const [topic, own] of partitions) {
    writer.string(topic).int32(own.length);
    for (const partition of own) writer.int32(partition);
  }
  const content = new Writer()
    .int32(room?.neededBytes ?? 0)
    .int32(room?.limitBytes ?? 0)
    .int32(room?.leftOut ?? 0)
    .varint(topics.length);
  for (const { standing } of topics) content.int8(STANDINGS.indexOf(standing));
  for (const topic of topics) content.varint(topic.partitions);
  return writer.bytes(pack(content.done())).done();
}

/** Never throws: another member's bytes must not make this one fail. */
export function decodeAssignment(bytes: Uint8Array): ReadAssignment {
  if (bytes.length === 0) return { kind: "none" };
  try {
    const reader = new Reader(bytes);
    reader.int16();
    const partitions = new Map<string, number[]>();
    for (let left = reader.count(6); left > 0; left -= 1) {
      const topic = reader.string();
      partitions.set(
        topic,
        Array.from({ length: reader.count(4) }, () => reader.int32()),
      );
    }
    return { kind: "ours", partitions, ...readContent(new Reader(unpack(reader.bytes()))) };
  } catch (error) {
    if (error instanceof UnreadableBytes) return { kind: "foreign" };
    throw error;
  }
}

function readContent(reader: Reader): Omit<Assignment, "partitions"> {
  const [neededBytes, limitBytes, leftOut] = [reader.int32(), reader.int32(), reader.int32()];
  const standings = Array.from({ length: reader.shortCount(2) }, () => STANDINGS[reader.int8()] ?? "unknown");
  const topics = standings.map((standing) => ({ standing, partitions: reader.varint() }));
  return { topics, room: neededBytes === 0 ? null : { neededBytes, limitBytes, leftOut } };
}
