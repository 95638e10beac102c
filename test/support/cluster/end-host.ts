import type { TestHost } from "../host.ts";

/** How a host ended after SIGTERM. */
export interface HostEnd {
  /** Null if it missed its deadline and was killed. */
  readonly code: number | null;
  readonly ms: number;
  /** The end of its log if the code is not 0. */
  readonly lastLines: readonly string[];
}

/** `shutdown.deadline` of the hosts, plus an allowance for a busy machine. */
const ENDED_WITHIN_MS = 30_000;
const LAST_LINES = 20;

export async function endHost(host: TestHost): Promise<HostEnd> {
  const startedAt = performance.now();
  host.signal("SIGTERM");
  const late = Bun.sleep(ENDED_WITHIN_MS).then(() => null);
  const code = await Promise.race([host.exited, late]);
  if (code === null) host.signal("SIGKILL");
  const ms = performance.now() - startedAt;
  const lines = code === 0 ? [] : host.log().slice(-LAST_LINES);
  return { code, ms, lastLines: lines.map((line) => JSON.stringify(line)) };
}
