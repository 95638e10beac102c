import { gzipSync } from "node:zlib";
import type { RequestFailure } from "../../../rules/outcomes/bulk-answer.ts";
import { answeredText } from "../../../rules/outcomes/outcome.ts";
import type { ElasticsearchAnswer } from "./transport.ts";

/** Both ways: the answer to a bulk that was packed would be longer than the bulk. */
export const packedHeaders = { "content-encoding": "gzip", "accept-encoding": "gzip" } as const;

/**
 * At once and at the lowest level: infra/bench/README.md, "What compression costs". On another thread it costs a fifth to a half
 * more CPU, and 5 MB take 11 ms.
 */
export function pack(body: string | Buffer): Buffer {
  return gzipSync(body, { level: 1 });
}

/** A bulk that Elasticsearch refuses in words which only who has read it can say. Nothing is written. */
const readable = '{"gzip":{}}\n';

/** Statuses of whoever does not want a body, or does not see what it is. */
const refusals = new Set([400, 403, 411, 413, 415, 501]);

/** Whether a bulk may have been refused for its packing alone: no record is at fault then. */
export function mayBePacking(failure: RequestFailure): boolean {
  return failure.kind === "response" && refusals.has(failure.status);
}

/**
 * Asks whether packed bulks get through: proxies drop the header that says so, and firewalls refuse what they cannot look into.
 * @param ask sends a bulk, as it is or packed
 * @returns why not; null: they do, or a bulk fares no better without it
 */
export async function packingFailure(
  ask: (body: string | Buffer, packed: boolean) => Promise<ElasticsearchAnswer>,
): Promise<RequestFailure | null> {
  const plain = await ask(readable, false);
  const packed = await ask(pack(readable), true);
  const failed = "failure" in packed ? packed.failure : null;
  if (failed === null || saidBy(plain) === saidBy(packed)) return null;
  // Not told apart by who was busy just now: it is asked again.
  if (failed.kind !== "response" || !refusals.has(failed.status)) return failed;
  const message = `elasticsearch.compression is gzip, which is not understood on the way: ${answeredText(failed.status, null)} to what it takes uncompressed`;
  return { kind: "bad_answer", message };
}

function saidBy(answer: ElasticsearchAnswer): string {
  if (!("failure" in answer)) return "well";
  const { failure } = answer;
  return failure.kind === "response" ? `${failure.status} ${failure.error?.reason}` : failure.kind;
}
