import type { BulkOptions } from "../../../lib/adapters/elasticsearch/client.ts";
import type { BulkAnswer } from "../../../lib/rules/outcomes/bulk-answer.ts";
import type { BulkGate } from "./bulk-gate.ts";

/** Sends a bulk request. */
export type Bulk = (body: string | Buffer, how: BulkOptions) => Promise<BulkAnswer>;

/** For services: waits for a place among the topics' bulks. */
export function gatedBulk(gate: BulkGate, send: Bulk): Bulk {
  return async (body, how) => {
    const leave = await gate.enter(how.signal);
    try {
      return await send(body, how);
    } finally {
      leave();
    }
  };
}
