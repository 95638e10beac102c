import { lettersIn, truthOf } from "../faults/verify.ts";
import type { TestKafka } from "../kafka.ts";
import type { ClusterWorld } from "./world.ts";

/** What became of all records, offset by offset. */
export interface Counted {
  /** What Kafka holds: the end offsets together. */
  readonly records: number;
  readonly documents: number;
  /** Offsets without a document, and numbers that were acknowledged to the producer without one. */
  readonly lost: number;
  /** Offsets with more than one document. */
  readonly doubled: number;
  readonly deadLettered: number;
}

interface Written {
  readonly topics: readonly string[];
  readonly partitions: number;
  /** By topic: how many the producer had acknowledged. */
  readonly sent: ReadonlyMap<string, number>;
  readonly deadLetterTopic: string;
}

export async function countAll(
  { elasticsearch }: ClusterWorld,
  kafka: TestKafka,
  { topics, partitions, sent, deadLetterTopic }: Written,
): Promise<Counted> {
  const letters = await lettersIn(kafka, deadLetterTopic);
  const sum = { records: 0, documents: 0, lost: 0, doubled: 0, deadLettered: 0 };
  for (const topic of topics) {
    const plan = { topic, partitions, format: "text", poisonEvery: 0 } as const;
    const truth = await truthOf({ kafka, elasticsearch }, plan, letters, sent.get(topic) ?? 0);
    sum.records += truth.records;
    sum.documents += truth.indexed;
    sum.lost += truth.missing.length + truth.lostNumbers;
    sum.doubled += truth.doubled.length;
    sum.deadLettered += truth.deadLettered;
  }
  return sum;
}
