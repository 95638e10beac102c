import { lettersIn, truthOf } from "../faults/verify.ts";
import type { TestKafka } from "../kafka.ts";
import type { ClusterWorld } from "./world.ts";

/** The outcome of all records, by offset. */
export interface Counted {
  /** Records in Kafka: the sum of the end offsets. */
  readonly records: number;
  readonly documents: number;
  /** Offsets without a document, and acknowledged numbers of the producer without one. */
  readonly lost: number;
  /** Offsets with more than one document. */
  readonly doubled: number;
  readonly deadLettered: number;
}

interface Written {
  readonly topics: readonly string[];
  readonly partitions: number;
  /** By topic: the producer's acknowledged records. */
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
