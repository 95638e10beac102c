import { z } from "zod";
import { type BulkProxy, startBulkProxy } from "./bulk-proxy.ts";

const STAMP = /"message":"(\d+\.\d{3}) /;
const bulkAnswer = z.object({ items: z.array(z.object({ create: z.object({ status: z.number() }) })) });

/** The line, behind the moment that it is handed over at. */
export function stamped(line: string): string {
  return `${performance.now().toFixed(3)} ${line}`;
}

/**
 * Stands before Elasticsearch, in the process that stamps the lines, and tells of each stamped document how long it took
 * until the bulk that it is in was answered.
 */
export function startStampProxy(node: string, onAcknowledged: (ms: number) => void): BulkProxy {
  return startBulkProxy(node, (body, answer, answeredAt) => {
    for (const stamp of stampsTaken(body, answer)) onAcknowledged(answeredAt - stamp);
  });
}

/** The stamps of those documents that are there for good: taken now, or there already. */
export function stampsTaken(body: Uint8Array, answer: Uint8Array): number[] {
  const { items } = bulkAnswer.parse(JSON.parse(new TextDecoder().decode(answer)));
  const lines = new TextDecoder().decode(body).split("\n");
  return items.flatMap(({ create: { status } }, position) => {
    const stamp = STAMP.exec(lines[2 * position + 1] ?? "")?.[1];
    return stamp !== undefined && (status < 300 || status === 409) ? [Number(stamp)] : [];
  });
}
