import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import type { JavaGround } from "../process/ground.ts";
import { createServer, type Server } from "../process/server.ts";

/** What brokers before KRaft keep their cluster in. */
export interface ZooKeeperServer extends Server {
  /** `host:port`, as brokers want it. */
  readonly address: string;
}

/** One, whose jars are among the broker's. No fault is meant for it. */
export async function createZooKeeper(
  { guard, environment, java, jars }: JavaGround,
  port: number,
): Promise<ZooKeeperServer> {
  const home = join(guard.folder, "zookeeper");
  const config = `${home}.properties`;
  const all = {
    dataDir: home,
    clientPort: port,
    clientPortAddress: "127.0.0.1",
    // A session lasts two ticks at least.
    tickTime: 1_000,
    maxClientCnxns: 0,
    "admin.enableServer": false,
    "4lw.commands.whitelist": "ruok",
  };
  const lines = Object.entries(all).map(([key, value]) => `${key}=${value}\n`);
  await writeFile(config, lines.join(""));
  const server = createServer({
    name: "ZooKeeper",
    guard,
    environment,
    command: [
      ...java,
      "-Xmx128m",
      "-cp",
      join(jars, "lib/*"),
      "org.apache.zookeeper.server.quorum.QuorumPeerMain",
      config,
    ],
    logFile: `${home}.log`,
    readyWithinMs: 60_000,
    probe: (signal) => ask(port, signal),
  });
  return Object.assign(server, { address: `127.0.0.1:${port}` });
}

/** Its own way of asking: four letters, and four back. */
async function ask(port: number, signal: AbortSignal): Promise<void> {
  const answer = Promise.withResolvers<string>();
  const socket = connect({ port, host: "127.0.0.1", signal });
  let text = "";
  socket.on("error", answer.reject);
  socket.on("data", (bytes: Buffer) => (text += bytes.toString("latin1")));
  socket.on("close", () => answer.resolve(text));
  socket.write("ruok");
  const said = await answer.promise;
  if (said !== "imok") throw new Error(`ZooKeeper answered "${said}"`);
}
