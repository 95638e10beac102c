import type { RecordReader } from "../../functions/replay-dead-letters/read-dead-letters.ts";
import { PenstockError } from "../../lib/rules/base/errors.ts";
import type { SourceRecord } from "../../lib/rules/model/record.ts";

/** Topics in memory; the records of each partition have increasing offsets. */
export class FakeReader implements RecordReader {
  readonly #topics = new Map<string, SourceRecord[]>();
  /** All spans read so far. */
  readonly reads: { topic: string; partition: number; start: number; end: number }[] = [];
  /** Maximum records per batch. */
  batchRecords = 100;

  put(topic: string, ...records: SourceRecord[]): void {
    this.#topics.set(topic, [...(this.#topics.get(topic) ?? []), ...records]);
  }

  ranges(topic: string): ReturnType<RecordReader["ranges"]> {
    const records = this.#topics.get(topic);
    if (records === undefined)
      return Promise.reject(new PenstockError("topic_missing", `no topic "${topic}"`));
    const ranges = new Map<number, { start: number; end: number }>();
    for (const { partition, offset } of records) {
      ranges.set(partition, { start: ranges.get(partition)?.start ?? offset, end: offset + 1 });
    }
    return Promise.resolve(ranges);
  }

  async readSpans(...[topic, spans, onBatch, signal]: Parameters<RecordReader["readSpans"]>): Promise<void> {
    for (const [partition, { start, end }] of spans) {
      this.reads.push({ topic, partition, start, end });
      const inSpan = (this.#topics.get(topic) ?? []).filter(
        (record) => record.partition === partition && record.offset >= start && record.offset < end,
      );
      for (let at = 0; at < inSpan.length; at += this.batchRecords) {
        signal.throwIfAborted();
        const records = inSpan.slice(at, at + this.batchRecords);
        const last = at + this.batchRecords >= inSpan.length ? end : (records.at(-1)?.offset ?? start) + 1;
        await onBatch({ partition, records, start: records[0]?.offset ?? start, end: last });
      }
    }
  }
}
