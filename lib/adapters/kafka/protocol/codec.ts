import type { BinaryReader, BinaryWriter } from "./binary.ts";
import { errorName } from "./error-names.ts";
import type { KafkaApi, KafkaCalls, KafkaError, OfTopic } from "./wire.ts";

/** One API, in the one version that is spoken: brokers from 2.4 to 4.x know it, and it is not yet a flexible one. */
export interface ApiCodec<A extends KafkaApi> {
  /** Its number in the protocol. */
  readonly key: number;
  readonly version: number;
  encode(writer: BinaryWriter, request: KafkaCalls[A]["request"]): void;
  /** @param reader behind the throttle time, with which every answer begins */
  decode(reader: BinaryReader, request: KafkaCalls[A]["request"]): KafkaCalls[A]["answer"];
  /** How long the request itself lets the broker wait. */
  mayWaitMs?(request: KafkaCalls[A]["request"]): number;
}

/** Reads an error code. */
export function readError(reader: BinaryReader): KafkaError {
  return errorName(reader.int16());
}

/** Writes what is asked of topics. */
export function writeTopics<P>(
  writer: BinaryWriter,
  topics: readonly OfTopic<P>[],
  write: (partition: P) => void,
): void {
  writer.array(topics, ({ topic, partitions }) => writer.string(topic).array(partitions, write));
}

/** Reads what is answered of topics. */
export function readTopics<P>(reader: BinaryReader, read: () => P): OfTopic<P>[] {
  return reader.array(() => ({ topic: reader.string(), partitions: reader.array(read) }));
}
