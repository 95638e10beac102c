import { retentionMs } from "../../../rules/model/data-stream.ts";
import type { Get } from "../names/asking.ts";
import { readStreamStates } from "../names/stream-states.ts";

/**
 * Reads after how long the lifecycles of data streams delete, in milliseconds by stream. Left out are streams that nothing
 * deletes from, that index lifecycle management (ILM) manages, or that are refused.
 * @param onRefused called with each of the last
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
 */
export async function readRetentions(
  get: Get,
  streams: readonly string[],
  onRefused: (error: unknown, name: string) => void,
): Promise<ReadonlyMap<string, number>> {
  const states = await readStreamStates(get, streams, onRefused);
  return new Map(
    [...states].flatMap(([name, { lifecycle, isManagedByIlm }]) => {
      const isInForce = lifecycle?.enabled === true && !isManagedByIlm;
      const ms = isInForce && lifecycle.retention !== null ? retentionMs(lifecycle.retention) : null;
      return ms === null ? [] : [[name, ms] as const];
    }),
  );
}
