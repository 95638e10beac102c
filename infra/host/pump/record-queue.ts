import { bytesOfAll } from "../../../lib/adapters/kafka/queries/source-record.ts";
import { contentBytesOf, type SourceRecord } from "../../../lib/rules/model/record.ts";

/** Records of one topic waiting to be sent, in the order they were fetched. */
export class RecordQueue {
  #records: SourceRecord[] = [];
  #contentBytes = 0;

  get length(): number {
    return this.#records.length;
  }

  /** Roughly the size of their documents. */
  get contentBytes(): number {
    return this.#contentBytes;
  }

  get records(): readonly SourceRecord[] {
    return this.#records;
  }

  push(records: readonly SourceRecord[]): void {
    // Not `push(...records)`: a fetch may return more than a call takes arguments.
    for (const record of records) {
      this.#records.push(record);
      this.#contentBytes += contentBytesOf(record);
    }
  }

  /** Takes the first records within the limits, at least one if there is any. */
  take(limits: { readonly maxDocuments: number; readonly maxBytes: number }): SourceRecord[] {
    if (this.#records.length <= limits.maxDocuments && this.#contentBytes <= limits.maxBytes)
      return this.#takeAll();
    let count = 0;
    let bytes = 0;
    for (const record of this.#records) {
      const more = contentBytesOf(record);
      if (count >= limits.maxDocuments || (bytes + more > limits.maxBytes && count > 0)) break;
      bytes += more;
      count += 1;
    }
    if (count === this.#records.length) return this.#takeAll();
    this.#contentBytes -= bytes;
    return this.#records.splice(0, count);
  }

  #takeAll(): SourceRecord[] {
    const all = this.#records;
    this.#records = [];
    this.#contentBytes = 0;
    return all;
  }

  /** Drops the records of some partitions. @returns the freed bytes */
  drop(isGone: (partition: number) => boolean): number {
    if (this.#records.length === 0) return 0;
    const gone = this.#records.filter(({ partition }) => isGone(partition));
    if (gone.length === 0) return 0;
    this.#records = this.#records.filter(({ partition }) => !isGone(partition));
    for (const record of gone) this.#contentBytes -= contentBytesOf(record);
    return bytesOfAll(gone);
  }

  dropAll(): number {
    return bytesOfAll(this.#takeAll());
  }
}
