import type { BulkAnswer, RequestFailure, TargetDocument } from "../outcomes/bulk-answer.ts";
import type { BulkLimits } from "./requests.ts";

/** One attempt's share of a joint request. */
export interface BulkPart {
  /** Whole operations, two lines each. */
  readonly body: Buffer;
  readonly operations: number;
  readonly pipeline: string | null;
  readonly pattern: string;
  /** The document of an operation, needed if the answer leaves open why it was not written. */
  readonly documentAt: (operation: number) => TargetDocument;
  /** The body's position, if it was written into a shared buffer. */
  readonly within?: { readonly whole: Buffer; readonly start: number; readonly end: number };
}

/** Distributes parts, in order, over requests within the limits. A part that exceeds them by itself goes alone. */
export function packParts<P extends BulkPart>(parts: readonly P[], limits: BulkLimits): P[][] {
  const requests: P[][] = [];
  let request: P[] = [];
  let operations = 0;
  let bytes = 0;
  for (const part of parts) {
    operations += part.operations;
    bytes += lengthOf(part);
    if (request.length > 0 && (operations > limits.maxDocuments || bytes > limits.maxBytes)) {
      requests.push(request);
      request = [];
      operations = part.operations;
      bytes = lengthOf(part);
    }
    request.push(part);
  }
  if (request.length > 0) requests.push(request);
  return requests;
}

function lengthOf({ within, body }: BulkPart): number {
  return within === undefined ? body.length : within.end - within.start;
}

/** Combines the parts into one request. */
export function joinParts(parts: readonly BulkPart[]): BulkPart & { readonly patterns: readonly string[] } {
  const [first] = parts;
  if (first === undefined) throw new Error("nothing is to be joined");
  const patterns = [...new Set(parts.map(({ pattern }) => pattern))];
  if (parts.length === 1) {
    const { body, operations, pipeline, pattern } = first;
    return { body, operations, pipeline, pattern, patterns, documentAt: (at) => first.documentAt(at) };
  }
  const isOne = parts.every(({ pipeline }) => pipeline === first.pipeline);
  const common = isOne ? commonBody(parts) : null;
  const bodyOf = ({ body, pipeline }: BulkPart): Buffer =>
    isOne || pipeline === null ? body : withPipeline(body, pipeline);
  return {
    body: common ?? Buffer.concat(parts.map(bodyOf)),
    operations: parts.reduce((sum, { operations }) => sum + operations, 0),
    pipeline: isOne ? first.pipeline : null,
    pattern: first.pattern,
    patterns,
    documentAt(operation) {
      let at = operation;
      for (const part of parts) {
        if (at < part.operations) return part.documentAt(at);
        at -= part.operations;
      }
      throw new Error(`no operation ${operation}`);
    },
  };
}

/** Avoids a copy if the parts were written one after another into the same buffer. @returns null if they were not */
function commonBody(parts: readonly BulkPart[]): Buffer | null {
  const [first] = parts;
  if (first?.within === undefined) return null;
  const { whole, start } = first.within;
  let end = start;
  for (const { within } of parts) {
    if (within?.whole !== whole || within.start !== end) return null;
    ({ end } = within);
  }
  return whole.subarray(start, end);
}

/** Of a record's operation, and of a witness. */
const ACTION_STARTS: ReadonlySet<string> = new Set(['{"create":{', '{"index":{']);
const LINE_END = 0x0a;

/** Names the pipeline in each operation, for a request whose other operations have a different one or none. */
function withPipeline(body: Buffer, pipeline: string): Buffer {
  const named = Buffer.from(`"pipeline":${JSON.stringify(pipeline)},`);
  const pieces: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    const inner = body.indexOf("{", at + 1) + 1;
    const start = body.subarray(at, inner);
    if (!ACTION_STARTS.has(start.toString("latin1")))
      throw new Error(`no operation begins at byte ${at} of a bulk`);
    // A document contains no line end: JSON escapes it.
    const end = body.indexOf(LINE_END, body.indexOf(LINE_END, at) + 1) + 1;
    pieces.push(start, named, body.subarray(inner, end));
    at = end;
  }
  return Buffer.concat(pieces);
}

/** Splits the answer to a joint request by part. */
export function splitAnswer(parts: readonly BulkPart[], answer: BulkAnswer): BulkAnswer[] {
  if (parts.length === 1 || "failure" in answer) return parts.map(() => answer);
  let end = 0;
  return parts.map(({ operations }) => ({ items: answer.items.slice(end, (end += operations)) }));
}

/**
 * Whether one part may have made a joint request fail, so that the others could succeed without it. True of all
 * failures except those that mean Elasticsearch is overloaded, unreachable, or lets none of us write.
 */
export function mayBeOnesFault(failure: RequestFailure): boolean {
  if (failure.kind !== "response") return failure.kind !== "connection";
  return failure.status < 500 && ![401, 403, 429].includes(failure.status);
}
