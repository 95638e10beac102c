import { bytesOfAll } from "../../lib/adapters/kafka/source-record.ts";
import { contentBytesOf, type SourceRecord } from "../../lib/rules/record.ts";

/** Records of one topic that wait to be sent, in the order they were fetched. */
export class RecordQueue {
  #records: SourceRecord[] = [];

  get length(): number {
    return this.#records.length;
  }

  push(records: readonly SourceRecord[]): void {
    // Not spread into one call: that fails for as many as a fetch may return.
    for (const record of records) this.#records.push(record);
  }

  /** Takes the first records that stay within the limits, at least one where there is one. */
  take(limits: { readonly maxDocuments: number; readonly maxBytes: number }): SourceRecord[] {
    let count = 0;
    let bytes = 0;
    for (const record of this.#records) {
      bytes += contentBytesOf(record);
      if (count >= limits.maxDocuments || (bytes > limits.maxBytes && count > 0)) break;
      count += 1;
    }
    return this.#records.splice(0, count);
  }

  /** Lets go of everything. @returns the bytes that are free now */
  drop(): number {
    const bytes = bytesOfAll(this.#records);
    this.#records = [];
    return bytes;
  }
}
