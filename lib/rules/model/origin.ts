import { decodeUtf8 } from "../base/utf8-text.ts";
import type { RecordHeader } from "./record.ts";

/** Where a record was written, as its shipper says in headers that are called like the ECS fields. */
export interface Origin {
  /** For `host.name`; null if no header says it. */
  readonly host: string | null;
  /** For `log.file.path`; null if no header says it. */
  readonly path: string | null;
}

/** The origin of all records without such a header. */
export const unknownOrigin: Origin = { host: null, path: null };

/** A header counts if its value is UTF-8 and not empty; of several, the last, as in Kafka's `lastHeader`. */
export function originOf(headers: readonly RecordHeader[]): Origin {
  let origin = unknownOrigin;
  for (const { name, value } of headers) {
    const isHost = name === "host.name";
    if ((!isHost && name !== "log.file.path") || value === null || value.length === 0) continue;
    const { text, faithful } = decodeUtf8(value);
    if (faithful) origin = isHost ? { ...origin, host: text } : { ...origin, path: text };
  }
  return origin;
}
