import { isObject, type Mapping } from "../json/object.ts";

/** Elasticsearch's answer to one operation. */
export interface BulkItem {
  readonly status: number;
  /** `created`, `noop`, …; null if there is an error. */
  readonly result: string | null;
  readonly error: ServerError | null;
  /** True if the document went to a data stream's failure store instead, which Elasticsearch reports as success. */
  readonly inFailureStore?: boolean;
  /** True if the failure store could not take the refused document. The error may be the store's own then. */
  readonly failureStoreFailed?: boolean;
}

/** The document that a bulk operation was to write. */
export interface TargetDocument {
  readonly index: string;
  readonly id: string;
}

export interface ServerError {
  /** For example `document_parsing_exception`. */
  readonly type: string;
  /** Includes the cause's reason if that adds something. May quote the document. */
  readonly reason: string;
}

/** Why a whole request has no usable answer. */
export type RequestFailure =
  | { readonly kind: "response"; readonly status: number; readonly error: ServerError | null }
  | {
      readonly kind: "connection" | "timeout" | "bad_answer" | "answer_too_large";
      readonly message: string;
    };

/** The result of one request: an item for each operation, in order, or a failure of the whole request. */
export type BulkAnswer = { readonly items: readonly BulkItem[] } | { readonly failure: RequestFailure };

/** Keeps the answer small. Without `status`, successful items would vanish and positions would shift. */
export const bulkFilterPath = "errors,items.*.status,items.*.error,items.*.result,items.*.failure_store";

/** An item is short itself, but may quote a field of its document and the error about it, each wrapped once more. */
const answerBytes = { base: 1024 * 1024, ofItem: 1024, quotes: 3 } as const;

/** The longest answer that a bulk request can need. */
export function maxBulkAnswerBytes(body: string | Buffer, operations: number): number {
  const { base, ofItem, quotes } = answerBytes;
  return base + operations * ofItem + Buffer.byteLength(body) * quotes;
}

/** Reads the items of a bulk answer filtered by {@link bulkFilterPath}. @returns null if it is not such an answer */
export function parseBulkItems(body: unknown): readonly BulkItem[] | null {
  if (!isObject(body) || !Array.isArray(body["items"])) return null;
  const items: BulkItem[] = [];
  let last: { readonly entry: unknown; readonly item: BulkItem } | null = null;
  for (const entry of body["items"] as readonly unknown[]) {
    if (last === null || last.entry !== entry) {
      const item = parseItem(entry);
      if (item === null) return null;
      last = { entry, item };
    }
    items.push(last.item);
  }
  return items;
}

const uniformStart = '{"errors":false,"items":[';
const uniformEnd = "]}";

/**
 * Parses a bulk answer whose items are all the same, as `JSON.parse` would, but with one object for all items. That is
 * the usual answer, and at hundreds of thousands of documents a second, parsing each item costs too much.
 * @returns undefined for any other text
 */
export function parseUniformAnswer(json: string): object | undefined {
  if (!json.startsWith(uniformStart)) return undefined;
  const end = json.indexOf("}}", uniformStart.length) + 2;
  const item = json.slice(uniformStart.length, end);
  const count = (json.length - uniformStart.length - uniformEnd.length + 1) / (item.length + 1);
  if (end === 1 || !Number.isSafeInteger(count)) return undefined;
  if (json !== `${uniformStart}${`${item},`.repeat(count - 1)}${item}${uniformEnd}`) return undefined;
  try {
    const entry: unknown = JSON.parse(item);
    return { errors: false, items: Array.from({ length: count }, () => entry) };
  } catch {
    // Not an item after all. Parsing the whole answer will say what is wrong.
    return undefined;
  }
}

function parseItem(entry: unknown): BulkItem | null {
  const item = isObject(entry) ? Object.values(entry)[0] : null;
  if (!isObject(item) || typeof item["status"] !== "number") return null;
  const result = item["result"];
  return {
    status: item["status"],
    result: typeof result === "string" ? result : null,
    error: parseServerError(item["error"]),
    ...failureStoreOf(item["failure_store"], item["status"]),
  };
}

/**
 * The values of Elasticsearch's `IndexDocFailureStoreStatus`: `used`, `failed`, `not_enabled` (the error says the rest)
 * and `not_applicable_or_unknown`, which is left out of answers. A success with a value that this version does not know
 * must not count as written to the target: if it was, the next attempt finds it there.
 */
function failureStoreOf(
  value: unknown,
  status: number,
): Pick<BulkItem, "inFailureStore" | "failureStoreFailed"> {
  if (value === undefined || value === "not_applicable_or_unknown") return {};
  if (status < 300) return { inFailureStore: true };
  return value === "failed" ? { failureStoreFailed: true } : {};
}

/** Reads the `error` of an item or of a whole answer. */
export function parseServerError(error: unknown): ServerError | null {
  if (typeof error === "string") return { type: "unknown", reason: error };
  if (!isObject(error)) return null;
  const { type, reason } = error;
  let text = typeof reason === "string" ? reason : "";
  const depth = aTemplate.test(text) ? MAX_CAUSES : 1;
  for (const cause of causesOf(error).slice(0, depth)) if (!text.includes(cause)) text += `: ${cause}`;
  return { type: typeof type === "string" ? type : "unknown", reason: text };
}

/** A refused template, which quotes no document: only its deepest cause says what is wrong with it. */
const aTemplate = /^(?:composable|index|component) template \[/;
const MAX_CAUSES = 5;

function causesOf(error: Mapping): string[] {
  const causes: string[] = [];
  let { caused_by: cause } = error;
  while (isObject(cause) && causes.length < MAX_CAUSES) {
    if (typeof cause["reason"] === "string") causes.push(cause["reason"]);
    ({ caused_by: cause } = cause);
  }
  return causes;
}
