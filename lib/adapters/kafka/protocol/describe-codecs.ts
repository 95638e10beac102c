import { readError, type ApiCodec } from "./codec.ts";

/** What members told each other is passed over: it is read by who joins. */
export const describeGroups: ApiCodec<"DescribeGroups"> = {
  key: 15,
  version: 1,
  encode: (writer, { groups }) => void writer.array(groups, (group) => writer.string(group)),
  decode: (reader) => ({
    groups: reader.array(() => {
      const [error, groupId, state] = [readError(reader), reader.string(), reader.string()];
      const protocolType = reader.string();
      // The assignor.
      reader.string();
      const members = reader.array(() => {
        reader.string();
        const member = { clientId: reader.string(), clientHost: reader.string() };
        reader.bytes();
        reader.bytes();
        return member;
      });
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
      // Why, and what it is.
      reader.nullableString();
      reader.int8();
      const topic = reader.string();
      const values = reader.array(() => {
        const read = { name: reader.string(), value: reader.nullableString() };
        // Whether it is fixed, where it comes from, whether it is a secret.
        reader.skip(3);
        reader.array(() => [reader.string(), reader.nullableString(), reader.int8()]);
        return read;
      });
      return { topic, error, values };
    }),
  }),
};
