import { readError, readTopics, writeTopics, type ApiCodec } from "./codec.ts";

export const offsetCommit: ApiCodec<"OffsetCommit"> = {
  key: 8,
  version: 5,
  encode(writer, { groupId, generation, memberId, topics }) {
    writer.string(groupId).int32(generation).string(memberId);
    writeTopics(writer, topics, ({ partition, offset, metadata }) =>
      writer.int32(partition).int64(offset).nullableString(metadata),
    );
  },
  decode: (reader) => ({
    topics: readTopics(reader, () => ({ partition: reader.int32(), error: readError(reader) })),
  }),
};

const NULL_ARRAY = -1;

export const offsetFetch: ApiCodec<"OffsetFetch"> = {
  key: 9,
  version: 4,
  encode(writer, { groupId, topics }) {
    writer.string(groupId);
    if (topics === null) writer.int32(NULL_ARRAY);
    else writeTopics(writer, topics, (partition) => writer.int32(partition));
  },
  decode(reader) {
    const topics = readTopics(reader, () => {
      const [partition, offset, metadata] = [reader.int32(), reader.int64(), reader.nullableString()];
      return { partition, error: readError(reader), offset, metadata };
    });
    return { error: readError(reader), topics };
  },
};

const NO_REPLICA = -1;
const READ_UNCOMMITTED = 0;
const READ_COMMITTED = 1;
/** Special timestamps. The isolation level decides whether `-1` means the high watermark or the last stable offset. */
const EARLIEST = -2;
const LATEST = -1;

export const listOffsets: ApiCodec<"ListOffsets"> = {
  key: 2,
  version: 3,
  encode(writer, { at, topics }) {
    writer.int32(NO_REPLICA).int8(at === "stable" ? READ_COMMITTED : READ_UNCOMMITTED);
    const moment = typeof at === "number" ? at : at === "earliest" ? EARLIEST : LATEST;
    writeTopics(writer, topics, (partition) => writer.int32(partition).int64(moment));
  },
  decode: (reader) => ({
    topics: readTopics(reader, () => {
      const [partition, error] = [reader.int32(), readError(reader)];
      reader.int64();
      return { partition, error, offset: reader.int64() };
    }),
  }),
};
