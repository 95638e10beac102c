import { isObject } from "../json/json-document.ts";

/** What Elasticsearch says of one operation. */
export interface BulkItem {
  readonly status: number;
  /** `created`, `noop`, …; null where there is an error. */
  readonly result: string | null;
  readonly error: ServerError | null;
  /** True: it was not written where it should be, but put into a data stream's failure store, which is told as success. */
  readonly inFailureStore?: boolean;
}

/** What an operation of a bulk wanted to write. */
export interface TargetDocument {
  readonly index: string;
  readonly id: string;
}

export interface ServerError {
  /** Such as `document_parsing_exception`. */
  readonly type: string;
  /** With the reason of what caused it, where that says more. May quote the document. */
  readonly reason: string;
}

/** Why a whole request has no usable answer. */
export type RequestFailure =
  | { readonly kind: "response"; readonly status: number; readonly error: ServerError | null }
  | {
      readonly kind: "connection" | "timeout" | "bad_answer" | "answer_too_large";
      readonly message: string;
    };

/** One request's end: an item for each operation, in their order, or a failure of the whole. */
export type BulkAnswer = { readonly items: readonly BulkItem[] } | { readonly failure: RequestFailure };

/** The parameter that keeps the answer small. Without `status` successful items would vanish and positions shift. */
export const bulkFilterPath = "errors,items.*.status,items.*.error,items.*.result,items.*.failure_store";

/** An item says little of its own, and may quote its document's field and what is wrong with it, each wrapped once more. */
const answerBytes = { base: 1024 * 1024, ofItem: 1024, quotes: 3 } as const;

/** The longest answer that a bulk request of so many operations can need. */
export function maxBulkAnswerBytes(body: string | Buffer, operations: number): number {
  const { base, ofItem, quotes } = answerBytes;
  return base + operations * ofItem + Buffer.byteLength(body) * quotes;
}

/** The items of a bulk answer that was filtered by {@link bulkFilterPath}; null where it is none. */
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
 * What `JSON.parse` would make of a bulk answer that says the same of every document: the usual one, and at hundreds of
 * thousands of documents a second worth not to be read item by item. Its items are one object.
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
    // What looks like an item is none: whoever parses the whole says what is wrong with it.
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
    ...(item["failure_store"] === "used" && { inFailureStore: true }),
  };
}

/** An `error` as Elasticsearch writes it, of an item or of a whole answer. */
export function parseServerError(error: unknown): ServerError | null {
  if (typeof error === "string") return { type: "unknown", reason: error };
  if (!isObject(error)) return null;
  const { type, reason, caused_by: causedBy } = error;
  const cause = isObject(causedBy) && typeof causedBy["reason"] === "string" ? causedBy["reason"] : null;
  const text = typeof reason === "string" ? reason : "";
  return {
    type: typeof type === "string" ? type : "unknown",
    reason: cause === null || text.includes(cause) ? text : `${text}: ${cause}`,
  };
}
