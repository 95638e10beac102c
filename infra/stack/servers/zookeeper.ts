import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import type { JavaGround } from "../process/ground.ts";
import { createServer, type Server } from "../process/server.ts";

/** For brokers before KRaft. */
export interface ZooKeeperServer extends Server {
  /** `host:port`. */
  readonly address: string;
}

/** Creates a single server from the broker's jars. Tests cause no faults in it. */
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
    // The shortest session is two ticks.
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

/** Sends one of ZooKeeper's four-letter commands. */
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
