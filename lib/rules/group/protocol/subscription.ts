import { Reader, UnreadableBytes, Writer } from "./bytes.ts";
import { pack, unpack } from "./packed.ts";
import { type HostProfile, readProfile, writeProfile } from "./profile.ts";

/** Partitions by topic; both are written in ascending order. */
export type PartitionsOf = ReadonlyMap<string, readonly number[]>;

/** A member's message to the group's leader. */
export interface Subscription {
  /** Constant while the process runs. */
  readonly host: string;
  /** In ascending order. */
  readonly wanted: readonly string[];
  /** The last generation for which this member knows its assignment, and of which its holdings are; -1 if none. */
  readonly generation: number;
  readonly held: PartitionsOf;
  /** Still held, but about to be given up. Free for others once it is no longer listed. */
  readonly leaving: PartitionsOf;
}

/** A living member of the group, as the leader knows it. */
export interface AssignedMember {
  readonly memberId: string;
  readonly subscription: Subscription;
}

/** A member's metadata, by its writer. */
export type ReadSubscription =
  | {
      readonly kind: "ours";
      readonly named: readonly string[];
      readonly subscription: Subscription;
      /** Null if it is of a version before profiles, or cannot be believed. */
      readonly profile: HostProfile | null;
    }
  /** From another client, or a version of ours with another format. */
  | { readonly kind: "foreign" };

const VERSION = 0;
const [WANTED, HELD, LEAVING] = [1, 2, 4];

/**
 * A version 0 `ConsumerProtocolSubscription` (Kafka's schema of that name: version, topics, user data).
 *
 * The coordinator keeps all subscriptions of a group in one record. 10,000 topic names of 30 characters are 320 kB, too
 * much to repeat for each host. So they go compressed into `userData`, at about 5 bytes each if they are similar. The
 * broker uses `topics` only to expire the offsets of topics that no member of a stable group names there (KIP-496,
 * `GroupMetadata.computeSubscribedTopics`), and only the union over all members counts. Hence `named` may differ from
 * `wanted`: see `naming.ts`.
 */
export function encodeSubscription(
  subscription: Subscription,
  named: readonly string[],
  profile: HostProfile | null = null,
): Uint8Array {
  const { host, generation, held, leaving } = subscription;
  const wanted = new Set(subscription.wanted);
  const topics = [...new Set([...wanted, ...held.keys(), ...leaving.keys()])].sort();
  const content = new Writer().string(host).int32(generation).varint(topics.length);
  for (const topic of topics) content.string(topic);
  for (const topic of topics) {
    const flags =
      (wanted.has(topic) ? WANTED : 0) | (held.has(topic) ? HELD : 0) | (leaving.has(topic) ? LEAVING : 0);
    content.int8(flags);
  }
  for (const partitions of [held, leaving])
    for (const topic of topics) {
      const own = partitions.get(topic);
      if (own !== undefined) writeBits(content, own);
    }
  if (profile !== null) writeProfile(content, profile);
  const writer = new Writer().int16(VERSION).int32(named.length);
  for (const topic of named) writer.string(topic);
  return writer.bytes(pack(content.done())).done();
}

/** Never throws: another member's bytes must not make this one fail. */
export function decodeSubscription(metadata: Uint8Array): ReadSubscription {
  try {
    const reader = new Reader(metadata);
    // Later versions add fields at the end. Kafka's own clients ignore them in the same way.
    reader.int16();
    const named = Array.from({ length: reader.count(2) }, () => reader.string());
    const content = new Reader(unpack(reader.bytes()));
    const subscription = readContent(content);
    return { kind: "ours", named, subscription, profile: readProfile(content) };
  } catch (error) {
    if (error instanceof UnreadableBytes) return { kind: "foreign" };
    throw error;
  }
}

function readContent(reader: Reader): Subscription {
  const host = reader.string();
  const generation = reader.int32();
  const topics = Array.from({ length: reader.shortCount(2) }, () => reader.string());
  const flags = topics.map(() => reader.int8());
  const withFlag = (flag: number): string[] => topics.filter((_, at) => ((flags[at] ?? 0) & flag) !== 0);
  return {
    host,
    wanted: withFlag(WANTED),
    generation,
    held: new Map(withFlag(HELD).map((topic) => [topic, readBits(reader)])),
    leaving: new Map(withFlag(LEAVING).map((topic) => [topic, readBits(reader)])),
  };
}

/** One bit per partition: a topic with thousands takes a few hundred bytes. */
function writeBits(writer: Writer, partitions: readonly number[]): void {
  // With >>>, an empty list would take 512 MB.
  const bits = new Uint8Array((partitions.reduce((max, one) => Math.max(max, one), -1) >> 3) + 1);
  for (const partition of partitions)
    bits[partition >>> 3] = (bits[partition >>> 3] ?? 0) | (1 << (partition & 7));
  writer.varint(bits.length).raw(bits);
}

function readBits(reader: Reader): number[] {
  const found: number[] = [];
  for (const [at, byte] of reader.raw(reader.shortCount(1)).entries())
    for (let bit = 0; bit < 8; bit += 1) if ((byte & (1 << bit)) !== 0) found.push(8 * at + bit);
  return found;
}
