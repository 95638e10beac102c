import type { ClusterWorld } from "./world.ts";

const TRY_WITHIN_MS = 3_000;
const PAUSE_MS = 250;

/** Writes declarations to etcd. Retries with all members until one accepts them. */
export async function declareInEtcd(
  { etcdEndpoints }: ClusterWorld,
  key: string,
  topics: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const value = JSON.stringify(topics.map((topic) => ({ topic })));
  const body = JSON.stringify({ key: btoa(key), value: btoa(value) });
  for (let attempt = 0; ; attempt += 1) {
    signal?.throwIfAborted();
    const endpoint = etcdEndpoints[attempt % etcdEndpoints.length];
    if (await isTaken(`${endpoint}/v3/kv/put`, body)) return;
    await Bun.sleep(PAUSE_MS);
  }
}

async function isTaken(url: string, body: string): Promise<boolean> {
  try {
    return (await fetch(url, { method: "POST", body, signal: AbortSignal.timeout(TRY_WITHIN_MS) })).ok;
  } catch {
    // Killed, frozen or without a quorum: tries the next one.
    return false;
  }
}
