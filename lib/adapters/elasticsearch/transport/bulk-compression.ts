import { gzipSync } from "node:zlib";
import type { RequestFailure } from "../../../rules/outcomes/bulk-answer.ts";
import { answeredText } from "../../../rules/outcomes/outcome.ts";
import type { ElasticsearchAnswer } from "./transport.ts";

/** Both directions: uncompressed, the answer would be longer than the compressed bulk. */
export const gzipHeaders = { "content-encoding": "gzip", "accept-encoding": "gzip" } as const;

/**
 * Synchronous and at the lowest level (infra/bench/README.md, "What compression costs"): 5 MB take 11 ms, and another
 * thread would cost 20 to 50 % more CPU.
 */
export function compress(body: string | Buffer): Buffer {
  return gzipSync(body, { level: 1 });
}

/** A bulk that writes nothing. Elasticsearch's error proves that it could read the body. */
const emptyBulk = '{"gzip":{}}\n';

/** Statuses of servers and proxies that reject or cannot decode a body. */
const refusals = new Set([400, 403, 411, 413, 415, 501]);

/** True if a bulk may have been refused only for its compression, in which case no record is at fault. */
export function mayBeCompression(failure: RequestFailure): boolean {
  return failure.kind === "response" && refusals.has(failure.status);
}

/**
 * Tests whether compressed bulks get through: proxies drop the header, and firewalls refuse bodies they cannot inspect.
 * @param ask sends a bulk, compressed or not
 * @returns the failure, or null if compression makes no difference
 */
export async function compressionFailure(
  ask: (body: string | Buffer, compressed: boolean) => Promise<ElasticsearchAnswer>,
): Promise<RequestFailure | null> {
  const plain = await ask(emptyBulk, false);
  const compressed = await ask(compress(emptyBulk), true);
  const failed = "failure" in compressed ? compressed.failure : null;
  if (failed === null || outcomeOf(plain) === outcomeOf(compressed)) return null;
  // It may just have been busy; the caller asks again.
  if (failed.kind !== "response" || !refusals.has(failed.status)) return failed;
  const message = `elasticsearch.compression is gzip, which a proxy or Elasticsearch does not accept: ${answeredText(failed.status, null)} to a bulk it takes uncompressed`;
  return { kind: "bad_answer", message };
}

function outcomeOf(answer: ElasticsearchAnswer): string {
  if (!("failure" in answer)) return "ok";
  const { failure } = answer;
  return failure.kind === "response" ? `${failure.status} ${failure.error?.reason}` : failure.kind;
}
