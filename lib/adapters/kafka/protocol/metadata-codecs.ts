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
    // The cluster's id and its controller.
    reader.nullableString();
    reader.int32();
    const bytes = asked.topics === null ? reader.rest : null;
    const { known } = asked;
    // Of thousands, an idle host asks every few seconds.
    if (known?.bytes !== undefined && bytes?.equals(known.bytes) === true)
      return { brokers, topics: known.topics, bytes: known.bytes };
    const topics = reader.array(() => {
      const [error, topic] = [readError(reader), reader.string()];
      // Whether it is one of Kafka's own.
      reader.int8();
      const partitions = reader.array(() => {
        const read = { error: readError(reader), partition: reader.int32(), leader: reader.int32() };
        // Its replicas: all, those in sync, those that are away.
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

/** Of a group, not of a transaction. */
const GROUP = 0;

/** The broker it names is told with its address, which Metadata tells too. */
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
