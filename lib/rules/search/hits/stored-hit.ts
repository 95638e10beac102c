import { parseRecordId } from "../../documents/document-id.ts";
import { jsonMembers } from "../../json/json-members.ts";
import { mappingOf } from "../../json/object.ts";
import type { FoundHit } from "./answer.ts";

/** A refused document in a failure store. */
export interface StoredHit {
  /** The store's index. */
  readonly index: string;
  /** Its own `_id`, which Elasticsearch made. */
  readonly id: string;
  /** When it was refused, in ISO 8601; null if unknown. */
  readonly at: string | null;
  readonly error: { readonly type: string; readonly message: string };
  /** The `_id` that it was to have; null if it had none. */
  readonly recordId: string | null;
  /** Of the record; null if the id is not of Penstock's form. */
  readonly topic: string | null;
  readonly partition: number | null;
  readonly offset: number | null;
  /** The refused document as JSON with all digits; null if too large. */
  readonly raw: string | null;
}

const maxMessage = 2_000;
const maxRaw = 64 * 1024;

export function storedHitOf({ index, id, source }: FoundHit): StoredHit {
  const { "@timestamp": at, document, error } = source?.object ?? {};
  const { id: recordId } = mappingOf(document);
  const { type, message } = mappingOf(error);
  const known = typeof recordId === "string" ? parseRecordId(recordId) : null;
  const raw = source === null ? null : rawDocument(source.raw);
  return {
    index,
    id,
    at: typeof at === "string" ? at : null,
    error: { type: textOf(type), message: textOf(message).slice(0, maxMessage) },
    recordId: typeof recordId === "string" ? recordId : null,
    topic: known?.topic ?? null,
    partition: known?.partition ?? null,
    offset: known?.offset ?? null,
    raw: raw === null || raw.length > maxRaw ? null : raw,
  };
}

/** `document.source` as it is written. */
function rawDocument(raw: string): string | null {
  const document = jsonMembers(raw).get("document")?.rawValue ?? "";
  return document.startsWith("{") ? (jsonMembers(document).get("source")?.rawValue ?? null) : null;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
