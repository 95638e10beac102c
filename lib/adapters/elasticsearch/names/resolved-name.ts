/** What a name stands for, and the indices behind it; of an index the index itself. */
export interface ResolvedName {
  readonly kind: "index" | "alias" | "data stream";
  readonly indices: readonly string[];
  /** The data stream that the index belongs to; null also for an alias or a stream. */
  readonly stream: string | null;
}
