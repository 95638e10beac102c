import { readError, type ApiCodec } from "./codec.ts";

const ALL_TOPICS = -1;
const NEVER_CREATE = 0;

export const metadata: ApiCodec<"Metadata"> = {
  key: 3,
  version: 6,
  encode(writer, { topics }) {
    if (topics === null) writer.int32(ALL_TOPICS);
    else writer.array(topics, (topic) => writer.string(topic));
    writer.int8(NEVER_CREATE);
  },
  decode(reader, asked) {
    const brokers = reader.array(() => ({
      nodeId: reader.int32(),
      host: reader.string(),
      port: reader.int32(),
      rack: reader.nullableString(),
    }));
    // Skips cluster id and controller.
    reader.nullableString();
    reader.int32();
    const bytes = asked.topics === null ? reader.rest : null;
    const { known } = asked;
    // Decoding thousands of unchanged topics every few seconds would keep an idle host busy.
    if (known?.bytes !== undefined && bytes?.equals(known.bytes) === true)
      return { brokers, topics: known.topics, bytes: known.bytes };
    const topics = reader.array(() => {
      const [error, topic] = [readError(reader), reader.string()];
      // Skips is_internal.
      reader.int8();
      const partitions = reader.array(() => {
        const read = { error: readError(reader), partition: reader.int32(), leader: reader.int32() };
        // Skips all replicas, those in sync, and those offline.
        reader.skipInt32s();
        reader.skipInt32s();
        reader.skipInt32s();
        return read;
      });
      return { topic, error, partitions };
    });
    return { brokers, topics, ...(bytes !== null && { bytes }) };
  },
};

/** The key type of a group coordinator, as opposed to a transaction coordinator. */
const GROUP = 0;

/** Skips the coordinator's address, which Metadata reports too. */
export const findCoordinator: ApiCodec<"FindCoordinator"> = {
  key: 10,
  version: 2,
  encode: (writer, { groupId }) => void writer.string(groupId).int8(GROUP),
  decode(reader) {
    const error = readError(reader);
    reader.nullableString();
    return { error, nodeId: reader.int32() };
  },
};
