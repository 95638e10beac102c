// `bun infra/bench/loader.ts --node URL --index NAME --records N --seed N --at-once N`: the ceiling. Sends ready-made bulk
// bodies and does nothing else; prints seconds and CPU seconds, making the bodies not included.
import { parseArgs } from "node:util";
import { createBulkEncoder } from "../../lib/rules/bulk/encoder.ts";
import { bulkBody, splitOperations } from "../../lib/rules/bulk/requests.ts";
import type { SourceRecord } from "../../lib/rules/record.ts";
import { createLineSource } from "./lines.ts";
import { costOf } from "./process-cost.ts";

/** As a host's are by default (lib/rules/config/schema.ts). */
const LIMITS = { maxDocuments: 2_000, maxBytes: 5 * 1024 * 1024 };

const { values } = parseArgs({
  options: {
    node: { type: "string", default: "" },
    index: { type: "string", default: "" },
    records: { type: "string", default: "" },
    seed: { type: "string", default: "" },
    "at-once": { type: "string", default: "" },
  },
});
const bodies = bodiesFor(values.index, Number(values.records), Number(values.seed));
const url = new URL("/_bulk", values.node);
const before = costOf(process.pid).cpuSeconds;
const startedAt = performance.now();
let next = 0;
await Promise.all(Array.from({ length: Number(values["at-once"]) }, sendOneAfterTheOther));
const seconds = (performance.now() - startedAt) / 1_000;
const cpuSeconds = costOf(process.pid).cpuSeconds - before;
process.stdout.write(`${JSON.stringify({ seconds, cpuSeconds })}\n`);

async function sendOneAfterTheOther(): Promise<void> {
  for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/x-ndjson" },
      body,
    });
    const text = await answer.text();
    if (!text.includes('"errors":false')) throw new Error(`${answer.status}: ${text.slice(0, 500)}`);
  }
}

function bodiesFor(index: string, records: number, seed: number): Buffer<ArrayBuffer>[] {
  const encode = createBulkEncoder({
    topic: index,
    path: null,
    index,
    format: "text",
    startAt: "earliest",
    timestamp: null,
    pipeline: null,
  });
  const line = createLineSource("text", seed);
  const timestamp = Date.now();
  const made: Buffer<ArrayBuffer>[] = [];
  for (let from = 0; from < records; from += LIMITS.maxDocuments) {
    const some = Array.from(
      { length: Math.min(LIMITS.maxDocuments, records - from) },
      (_, n): SourceRecord => ({
        partition: 0,
        offset: from + n,
        timestamp,
        key: null,
        value: Buffer.from(line()),
        headers: [],
      }),
    );
    const encoded = encode(some);
    for (const request of splitOperations(encoded, LIMITS))
      made.push(Buffer.from(bulkBody(encoded, request)));
  }
  return made;
}
