import type { ConnectionTap } from "../tcp-proxy.ts";

/** One offset of an OffsetCommit request. */
export interface CommitEntry {
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

const OFFSET_COMMIT = 8;
/** Hosts use versions 2 to 5 with current brokers; later ones have another encoding. */
const VERSIONS = { lowest: 2, highest: 5 };

/** Listens between a host and Kafka, and reports every commit before it is forwarded. */
export function commitTap(onCommit: (entry: CommitEntry) => void): ConnectionTap {
  let rest: Buffer = Buffer.alloc(0);
  return {
    fromClient(bytes) {
      rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
      while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
        const end = 4 + rest.readInt32BE(0);
        for (const entry of commitsIn(rest.subarray(4, end))) onCommit(entry);
        rest = rest.subarray(end);
      }
    },
    fromServer() {},
    closed() {},
  };
}

/** The commits of one request; empty for other requests. @throws if its version is unknown */
export function commitsIn(request: Buffer): CommitEntry[] {
  if (request.readInt16BE(0) !== OFFSET_COMMIT) return [];
  const version = request.readInt16BE(2);
  if (version < VERSIONS.lowest || version > VERSIONS.highest) {
    throw new Error(`an OffsetCommit of version ${version}, which the tap does not read`);
  }
  let at = 8;
  const int32 = (): number => request.readInt32BE((at += 4) - 4);
  const int64 = (): number => Number(request.readBigInt64BE((at += 8) - 8));
  /** Null is written as a length of −1. */
  const text = (): string => {
    const length = request.readInt16BE((at += 2) - 2);
    if (length <= 0) return "";
    return request.toString("utf8", at, (at += length));
  };
  const list = <T>(read: () => T): T[] => Array.from({ length: int32() }, read);

  text(); // client id
  const groupId = text();
  int32(); // generation
  text(); // member
  if (version < 5) int64(); // retention
  return list(() => {
    const topic = text();
    return list(() => {
      const entry = { groupId, topic, partition: int32(), offset: int64() };
      text(); // metadata
      return entry;
    });
  }).flat();
}
