import { retentionMs } from "../../../rules/model/data-stream.ts";
import type { Get } from "../names/asking.ts";
import { readStreamStates } from "../names/stream-states.ts";

/**
 * Reads after how long the lifecycles of data streams delete, in milliseconds by stream. Left out are streams that nothing
 * deletes from, or that index lifecycle management (ILM) manages.
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
 */
export async function readRetentions(
  get: Get,
  streams: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const states = await readStreamStates(get, streams);
  return new Map(
    [...states].flatMap(([name, { lifecycle, isManagedByIlm }]) => {
      const isInForce = lifecycle?.enabled === true && !isManagedByIlm;
      const ms = isInForce && lifecycle.retention !== null ? retentionMs(lifecycle.retention) : null;
      return ms === null ? [] : [[name, ms] as const];
    }),
  );
}
