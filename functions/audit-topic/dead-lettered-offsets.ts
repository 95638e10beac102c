import { createBurials, type BurialsBuilder } from "../../lib/rules/audit/dead-lettered-offsets.ts";
import { readDeadLetter } from "../../lib/rules/dead-letters/dead-letter-reader.ts";
import { PenstockError } from "../../lib/rules/base/errors.ts";
import type { Spans, ReadSpans } from "../../lib/rules/offsets/span-tracks.ts";

export interface ReadBurialsInput {
  readonly deadLetterTopic: string;
  /** Letters of other topics are ignored. */
  readonly topics: ReadonlySet<string>;
  /** Letters that name other indices are ignored too; absent: none is. */
  readonly indices?: ReadonlySet<string | null>;
}

export interface ReadBurialsDeps {
  /** Readable offsets by partition. @throws PenstockError `topic_missing` or `kafka_unavailable` */
  ranges(topic: string): Promise<Spans>;
  readSpans(topic: string, ...what: Parameters<ReadSpans>): Promise<void>;
}

/** Reads the dead-letter topic once, up to its current end. If it does not exist, there are no dead letters yet. */
export async function readBurials(
  { deadLetterTopic, topics, indices }: ReadBurialsInput,
  deps: ReadBurialsDeps,
): Promise<BurialsBuilder> {
  const burials = createBurials();
  let spans: Spans;
  try {
    spans = await deps.ranges(deadLetterTopic);
  } catch (error) {
    if (error instanceof PenstockError && error.code === "topic_missing") return burials;
    throw error;
  }
  await deps.readSpans(deadLetterTopic, spans, ({ records }) => {
    for (const record of records) {
      const reading = readDeadLetter(record);
      if (reading.kind === "letter" && topics.has(reading.letter.topic)) {
        const { topic, record, batch, index } = reading.letter;
        if (indices?.has(index) === false) continue;
        if (batch === undefined) burials.add(topic, record);
        else burials.addBatch(topic, record.partition, { start: record.offset, end: batch.end });
      }
    }
    return Promise.resolve();
  });
  return burials;
}
