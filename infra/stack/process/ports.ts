import { createServer } from "node:net";

const lowest = 20_000;
const count = 12_000;

/**
 * Free TCP ports on 127.0.0.1, all different. They lie below the ranges systems give to outgoing connections (from 32,768
 * on Linux, 49,152 on macOS): there a client that retries while its server is down could take the port, or connect to itself.
 * @param taken left out though free as yet, and added to: of servers that are still to listen
 */
export async function freePorts(wanted: number, taken = new Set<number>()): Promise<number[]> {
  const found = new Set<number>();
  for (let attempt = 0; found.size < wanted; attempt++) {
    if (attempt === 1_000) throw new Error(`no ${wanted} free ports from ${lowest} on`);
    const port = lowest + Math.floor(Math.random() * count);
    if (taken.has(port)) continue;
    taken.add(port);
    if (await isFree(port)) found.add(port);
  }
  return [...found];
}

/** Whether a server could listen on this port of 127.0.0.1 now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}
