import type { BinaryReader, BinaryWriter } from "../../../rules/group/protocol/binary.ts";
import { errorName } from "./error-names.ts";
import type { KafkaApi, KafkaCalls, KafkaError, OfTopic } from "./wire.ts";

/** Encodes one API in a fixed version that brokers from 2.4 to 4.x support, and that is not flexible yet (KIP-482). */
export interface ApiCodec<A extends KafkaApi> {
  /** The API key. */
  readonly key: number;
  readonly version: number;
  encode(writer: BinaryWriter, request: KafkaCalls[A]["request"]): void;
  /** @param reader positioned after the throttle time, which starts every answer */
  decode(reader: BinaryReader, request: KafkaCalls[A]["request"]): KafkaCalls[A]["answer"];
  /** Returns how long the request allows the broker to wait. */
  mayWaitMs?(request: KafkaCalls[A]["request"]): number;
}

/** Reads an error code as its name. */
export function readError(reader: BinaryReader): KafkaError {
  return errorName(reader.int16());
}

/** Writes an array of topics with their partitions. */
export function writeTopics<P>(
  writer: BinaryWriter,
  topics: readonly OfTopic<P>[],
  write: (partition: P) => void,
): void {
  writer.array(topics, ({ topic, partitions }) => writer.string(topic).array(partitions, write));
}

/** Reads an array of topics with their partitions. */
export function readTopics<P>(reader: BinaryReader, read: () => P): OfTopic<P>[] {
  return reader.array(() => ({ topic: reader.string(), partitions: reader.array(read) }));
}
