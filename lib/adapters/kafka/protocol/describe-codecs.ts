import { readError, type ApiCodec } from "./codec.ts";

export const describeGroups: ApiCodec<"DescribeGroups"> = {
  key: 15,
  version: 1,
  encode: (writer, { groups }) => void writer.array(groups, (group) => writer.string(group)),
  decode: (reader) => ({
    groups: reader.array(() => {
      const [error, groupId, state] = [readError(reader), reader.string(), reader.string()];
      const protocolType = reader.string();
      // Skips the assignor.
      reader.string();
      const members = reader.array(() => ({
        memberId: reader.string(),
        clientId: reader.string(),
        clientHost: reader.string(),
        metadata: reader.bytes(),
        assignment: reader.bytes(),
      }));
      return { error, groupId, state, protocolType, members };
    }),
  }),
};

export const listGroups: ApiCodec<"ListGroups"> = {
  key: 16,
  version: 2,
  encode: () => {},
  decode: (reader) => ({
    error: readError(reader),
    groups: reader.array(() => ({ groupId: reader.string(), protocolType: reader.string() })),
  }),
};

const TOPIC = 2;
const WITHOUT_SYNONYMS = 0;

export const describeConfigs: ApiCodec<"DescribeConfigs"> = {
  key: 32,
  version: 2,
  encode(writer, { topics, names }) {
    writer.array(topics, (topic) =>
      writer
        .int8(TOPIC)
        .string(topic)
        .array(names, (name) => writer.string(name)),
    );
    writer.int8(WITHOUT_SYNONYMS);
  },
  decode: (reader) => ({
    topics: reader.array(() => {
      const error = readError(reader);
      // Skips the error message and the resource type.
      reader.nullableString();
      reader.int8();
      const topic = reader.string();
      const values = reader.array(() => {
        const read = { name: reader.string(), value: reader.nullableString() };
        // Skips read_only, config_source and is_sensitive.
        reader.raw(3);
        reader.array(() => [reader.string(), reader.nullableString(), reader.int8()]);
        return read;
      });
      return { topic, error, values };
    }),
  }),
};
