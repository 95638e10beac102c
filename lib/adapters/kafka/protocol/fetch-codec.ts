import { readError, readTopics, writeTopics, type ApiCodec } from "./codec.ts";
import type { BinaryReader } from "../../../rules/group/protocol/binary.ts";
import type { FetchedPartition } from "./wire.ts";

/** The broker withholds records of open transactions and lists aborted ones. */
const READ_COMMITTED = 1;
const NO_REPLICA = -1;
/** For the leader epoch and the log start: the broker then does not check them. */
const UNKNOWN = -1;

/** With fetch sessions (KIP-227) and the rack (KIP-392). Records are slices of the answer, not copies. */
export const fetchCodec: ApiCodec<"Fetch"> = {
  key: 1,
  version: 11,
  mayWaitMs: ({ maxWaitMs }) => maxWaitMs,
  encode(writer, request) {
    writer.int32(NO_REPLICA).int32(request.maxWaitMs).int32(request.minBytes).int32(request.maxBytes);
    writer.int8(READ_COMMITTED).int32(request.sessionId).int32(request.sessionEpoch);
    writeTopics(writer, request.topics, ({ partition, fetchOffset, maxBytes }) =>
      writer.int32(partition).int32(UNKNOWN).int64(fetchOffset).int64(UNKNOWN).int32(maxBytes),
    );
    writeTopics(writer, request.forgotten, (partition) => writer.int32(partition));
    writer.string(request.rack);
  },
  decode: (reader) => ({
    error: readError(reader),
    sessionId: reader.int32(),
    topics: readTopics(reader, () => readPartition(reader)),
  }),
};

function readPartition(reader: BinaryReader): FetchedPartition {
  const [partition, error] = [reader.int32(), readError(reader)];
  const [highWatermark, lastStableOffset, logStart] = [reader.int64(), reader.int64(), reader.int64()];
  const aborted = reader.array(() => ({ producerId: reader.int64(), firstOffset: reader.int64() }));
  const preferredReadReplica = reader.int32();
  const records = reader.nullableBytes();
  return {
    partition,
    error,
    highWatermark,
    lastStableOffset,
    logStart,
    aborted,
    preferredReadReplica,
    records: records === null || records.length === 0 ? null : records,
  };
}
