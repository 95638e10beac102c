import { createBulkEncoder } from "../../../lib/rules/bulk/encoder.ts";
import { bulkBody, splitOperations } from "../../../lib/rules/bulk/requests.ts";
import type { SourceRecord } from "../../../lib/rules/model/record.ts";
import { bareSpecification } from "../../../lib/rules/model/specification.ts";
import { createLineSource, type LineFormat } from "../load/lines.ts";

interface BodiesOptions {
  readonly index: string;
  readonly records: number;
  readonly format: LineFormat;
  readonly seed: number;
}

/** A host's defaults (lib/rules/config/schema.ts). */
const LIMITS = { maxDocuments: 2_000, maxBytes: 5 * 1024 * 1024 };

/** Records come in runs, one partition after the other, as `fill` (broker.ts) writes them. */
const PARTITIONS = 4;
const RUN = 1_000;

/** Returns the bodies of bulk requests as a host would send them. */
export function readyBodies({ index, records, format, seed }: BodiesOptions): Buffer<ArrayBuffer>[] {
  const encode = createBulkEncoder({ ...bareSpecification(index), format });
  const line = createLineSource(format, seed);
  const timestamp = Date.now();
  const recordAt = (n: number): SourceRecord => ({
    partition: Math.floor(n / RUN) % PARTITIONS,
    offset: n,
    timestamp: timestamp + Math.floor(n / 20),
    key: null,
    value: Buffer.from(line()),
    headers: [],
  });
  const bodies: Buffer<ArrayBuffer>[] = [];
  for (let from = 0; from < records; from += LIMITS.maxDocuments) {
    const size = Math.min(LIMITS.maxDocuments, records - from);
    const encoded = encode(Array.from({ length: size }, (_, n) => recordAt(from + n)));
    for (const request of splitOperations(encoded, LIMITS))
      bodies.push(Buffer.from(bulkBody(encoded, request)));
  }
  return bodies;
}

/** Sends all bodies, `atOnce` at a time. @throws Error if an item is refused */
export async function sendBodies(
  node: string,
  bodies: readonly Buffer<ArrayBuffer>[],
  atOnce: number,
): Promise<void> {
  const url = new URL("/_bulk", node);
  let next = 0;
  const sendInTurn = async (): Promise<void> => {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
      const headers = { "content-type": "application/x-ndjson" };
      const answer = await fetch(url, { method: "POST", headers, body });
      const text = await answer.text();
      if (!text.includes('"errors":false')) throw new Error(`${answer.status}: ${text.slice(0, 500)}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, sendInTurn));
}
