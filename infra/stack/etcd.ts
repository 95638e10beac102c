import { join } from "node:path";
import { freePorts } from "./ports.ts";
import { createServer, type Server } from "./server.ts";
import type { Ground } from "./ground.ts";

export interface EtcdServer extends Server {
  /** Client URLs. */
  readonly endpoints: readonly string[];
}

/** A single member, without logins. The flags are those of 3.4 and newer. */
export async function createEtcd({ guard, environment, etcd, ports }: Ground): Promise<EtcdServer> {
  const [freeClient, peer] = await freePorts(2);
  const clientUrl = `http://127.0.0.1:${ports?.etcd ?? freeClient}`;
  const peerUrl = `http://127.0.0.1:${peer}`;
  const server = createServer({
    name: "etcd",
    guard,
    environment,
    command: [
      etcd,
      "--name=local",
      `--data-dir=${join(guard.folder, "etcd-data")}`,
      `--listen-client-urls=${clientUrl}`,
      `--advertise-client-urls=${clientUrl}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=local=${peerUrl}`,
      "--logger=zap",
      "--log-outputs=stderr",
    ],
    logFile: join(guard.folder, "etcd.log"),
    readyWithinMs: 30_000,
    async probe(signal) {
      const response = await fetch(`${clientUrl}/health`, { signal });
      if (!response.ok) throw new Error(`/health answered ${response.status}`);
    },
  });
  return Object.assign(server, { endpoints: [clientUrl] });
}
