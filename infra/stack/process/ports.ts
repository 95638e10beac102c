import { createServer } from "node:net";

const lowest = 20_000;
const count = 12_000;

/**
 * Finds free TCP ports on 127.0.0.1, below the range for outgoing connections (from 32,768 on Linux, 49,152 on macOS). In that
 * range, a client that retries while its server is down could take the port, or connect to itself.
 * @param taken ports of servers that do not listen yet: skipped, and the found ones are added
 */
export async function freePorts(wanted: number, taken = new Set<number>()): Promise<number[]> {
  const found = new Set<number>();
  for (let attempt = 0; found.size < wanted; attempt++) {
    if (attempt === 1_000) throw new Error(`fewer than ${wanted} free ports from ${lowest} on`);
    const port = lowest + Math.floor(Math.random() * count);
    if (taken.has(port)) continue;
    taken.add(port);
    if (await isFree(port)) found.add(port);
  }
  return [...found];
}

/** Whether a server could now listen on this port of 127.0.0.1. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}
