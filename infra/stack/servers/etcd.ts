import { join } from "node:path";
import { freePorts } from "../process/ports.ts";
import { createServer, type Server } from "../process/server.ts";
import { memberName, type Ground } from "../process/ground.ts";

export interface EtcdServer extends Server {
  /** The client URL of this member. */
  readonly endpoints: readonly string[];
}

/** Creates as many members as `ground` has, without logins. The flags work from version 3.4 on. */
export async function createEtcd(ground: Ground): Promise<EtcdServer[]> {
  const { guard, environment, etcd, members } = ground;
  const ports = await freePorts(2 * members, ground.takenPorts);
  const wanted = ground.ports?.etcd;
  const places = Array.from({ length: members }, (_, at) => ({
    name: memberName("etcd", at + 1, members),
    clientUrl: `http://127.0.0.1:${wanted === undefined ? ports[at] : wanted + at}`,
    peerUrl: `http://127.0.0.1:${ports[members + at]}`,
  }));
  return places.map(({ name, clientUrl, peerUrl }) => {
    const server = createServer({
      name,
      guard,
      environment,
      command: [
        etcd,
        `--name=${name}`,
        `--data-dir=${join(guard.folder, `${name}-data`)}`,
        `--listen-client-urls=${clientUrl}`,
        `--advertise-client-urls=${clientUrl}`,
        `--listen-peer-urls=${peerUrl}`,
        `--initial-advertise-peer-urls=${peerUrl}`,
        `--initial-cluster=${places.map((place) => `${place.name}=${place.peerUrl}`).join()}`,
        "--logger=zap",
        "--log-outputs=stderr",
      ],
      logFile: join(guard.folder, `${name}.log`),
      readyWithinMs: 30_000 * members,
      async probe(signal) {
        const response = await fetch(`${clientUrl}/health`, { signal });
        if (!response.ok) throw new Error(`/health answered ${response.status}`);
      },
    });
    return Object.assign(server, { endpoints: [clientUrl] });
  });
}
