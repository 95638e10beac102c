import { Reader, UnreadableBytes, Writer } from "./bytes.ts";
import { pack, unpack } from "./packed.ts";

/** Partitions by topic; both in ascending order where they are written. */
export type PartitionsOf = ReadonlyMap<string, readonly number[]>;

/** What a member tells the group's leader of itself. */
export interface Subscription {
  /** The same as long as the process runs. */
  readonly host: string;
  /** In ascending order. */
  readonly wanted: readonly string[];
  /** The last generation of which this member knows its assignment; -1: none. What it holds is from then. */
  readonly generation: number;
  readonly held: PartitionsOf;
  /** Held too, but about to be given up: for somebody else, once it is not named any more. */
  readonly leaving: PartitionsOf;
}

/** A living member of the group, as it told the leader of itself. */
export interface AssignedMember {
  readonly memberId: string;
  readonly subscription: Subscription;
}

/** A member's metadata, by whoever wrote it. */
export type ReadSubscription =
  | { readonly kind: "ours"; readonly named: readonly string[]; readonly subscription: Subscription }
  /** Of another client, or of a version of this one that writes otherwise. */
  | { readonly kind: "foreign" };

const VERSION = 0;
const [WANTED, HELD, LEAVING] = [1, 2, 4];

/**
 * A `ConsumerProtocolSubscription` of version 0 (Kafka's schema of that name: version, topics, user data).
 *
 * The coordinator keeps all subscriptions of a group in one record, so the names of 10,000 topics of 30 characters, 320 kB, cannot stand
 * in it once for each host. Here they go compressed into `userData`, about 5 bytes each where they are alike. The broker reads `topics`
 * for one thing only: offsets of topics that no member of a stable group names there expire (KIP-496, `GroupMetadata.computeSubscribedTopics`),
 * and the union over all members is what counts. Hence `named` can be other than `wanted`: see `naming.ts` for who names what.
 */
export function encodeSubscription(subscription: Subscription, named: readonly string[]): Uint8Array {
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
  const writer = new Writer().int16(VERSION).int32(named.length);
  for (const topic of named) writer.string(topic);
  return writer.bytes(pack(content.done())).done();
}

/** Never throws: what another member wrote is no reason to fail. */
export function decodeSubscription(metadata: Uint8Array): ReadSubscription {
  try {
    const reader = new Reader(metadata);
    // Later versions add fields at the end; Kafka's own clients read them in the same way.
    reader.int16();
    const named = Array.from({ length: reader.count(2) }, () => reader.string());
    const subscription = readContent(new Reader(unpack(reader.bytes())));
    return { kind: "ours", named, subscription };
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

/** One bit a partition: a topic with thousands of them takes some hundred bytes. */
function writeBits(writer: Writer, partitions: readonly number[]): void {
  const bits = new Uint8Array((partitions.reduce((max, one) => Math.max(max, one), -1) >>> 3) + 1);
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
