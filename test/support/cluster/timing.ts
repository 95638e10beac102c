import type { Server } from "../../../infra/stack/process/server.ts";

/** By then, leaders and primaries have moved. */
export const DEAD_MS = 8_000;

export async function freeze(server: Pick<Server, "freeze" | "thaw">, ms: number): Promise<void> {
  server.freeze();
  await Bun.sleep(ms);
  server.thaw();
}
