import type { BulkAnswer, RequestFailure, TargetDocument } from "../outcomes/bulk-answer.ts";
import type { BulkLimits } from "./requests.ts";

/** What one attempt has to send in a common request. */
export interface BulkPart {
  /** Whole operations, two lines each. */
  readonly body: Buffer;
  readonly operations: number;
  readonly pipeline: string | null;
  readonly pattern: string;
  readonly documentAt: (operation: number) => TargetDocument;
  /** Where the body lies, if it was written into a common one. */
  readonly within?: { readonly whole: Buffer; readonly start: number; readonly end: number };
}

/** Shares parts out, in their order, over requests within the limits; one that is too large by itself goes alone. */
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

/** What one request with all of these is. */
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

/** What was written one behind the other needs no copy; null: it was not. */
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

const ACTION_START = '{"create":{';
const LINE_END = 0x0a;

/** The same operations, each naming its pipeline, for a request whose others have none or another one. */
function withPipeline(body: Buffer, pipeline: string): Buffer {
  const start = Buffer.from(`${ACTION_START}"pipeline":${JSON.stringify(pipeline)},`);
  const pieces: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    if (body.toString("latin1", at, at + ACTION_START.length) !== ACTION_START)
      throw new Error(`no operation begins at byte ${at} of a bulk`);
    // A document holds no line end: JSON writes it as an escape.
    const end = body.indexOf(LINE_END, body.indexOf(LINE_END, at) + 1) + 1;
    pieces.push(start, body.subarray(at + ACTION_START.length, end));
    at = end;
  }
  return Buffer.concat(pieces);
}

/** What the common answer is for each of the parts. */
export function splitAnswer(parts: readonly BulkPart[], answer: BulkAnswer): BulkAnswer[] {
  if (parts.length === 1 || "failure" in answer) return parts.map(() => answer);
  let end = 0;
  return parts.map(({ operations }) => ({ items: answer.items.slice(end, (end += operations)) }));
}

/**
 * Whether a common request may have failed for what one of its parts is, so that the others would fare better without it. All
 * but what says that there is no room, or that nobody of us may write.
 */
export function mayBeOnesFault(failure: RequestFailure): boolean {
  if (failure.kind !== "response") return failure.kind !== "connection";
  return failure.status < 500 && ![401, 403, 429].includes(failure.status);
}
