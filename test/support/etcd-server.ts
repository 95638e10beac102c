import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../../infra/stack/process/ports.ts";
import type { TestCertificate } from "./certificates.ts";

/** A test's own etcd, which may be killed, compacted and locked. It restarts with its data at the same address. */
export interface EtcdServer {
  readonly endpoint: string;
  start(): Promise<void>;
  /** Crashes it (`SIGKILL`). Resolves when the process has ended. */
  kill(): Promise<void>;
  /** Removes the data of a killed server: it restarts empty, with a new history, as the same cluster. */
  wipe(): Promise<void>;
  /** Stops the process and removes its data. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface EtcdServerOptions {
  /** The endpoint of a stopped server. This one takes its place, but is another cluster. */
  readonly at?: string;
  /** Allows only TLS. The files are read again for each connection. */
  readonly certificate?: TestCertificate;
  /** The authority that must have signed client certificates. */
  readonly clientCaFile?: string;
  /** Further arguments. */
  readonly args?: readonly string[];
}

/**
 * Reserves addresses and a folder; the process runs only after `start`. Needs `etcd` on the PATH.
 */
export async function createEtcdServer({
  at,
  certificate,
  clientCaFile,
  args = [],
}: EtcdServerOptions = {}): Promise<EtcdServer> {
  const [clientPort, peerPort, healthPort] = await freePorts(3);
  const folder = await mkdtemp(join(tmpdir(), "penstock-etcd-"));
  const endpoint = at ?? `${certificate ? "https" : "http"}://127.0.0.1:${clientPort}`;
  // Not the endpoint, which may refuse clients.
  const health = `http://127.0.0.1:${healthPort}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  let running: Bun.Subprocess | null = null;

  const kill = async () => {
    running?.kill("SIGKILL");
    await running?.exited;
    running = null;
  };
  return {
    endpoint,
    kill,
    wipe: () => rm(join(folder, "data"), { recursive: true }),
    start: async () => {
      running = Bun.spawn(
        [
          "etcd",
          ["--name", "test", "--data-dir", join(folder, "data"), "--initial-cluster", `test=${peer}`],
          ["--listen-client-urls", endpoint, "--advertise-client-urls", endpoint],
          ["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer],
          ["--listen-metrics-urls", health],
          certificate ? ["--cert-file", certificate.certFile, "--key-file", certificate.keyFile] : [],
          clientCaFile === undefined ? [] : ["--client-cert-auth", "--trusted-ca-file", clientCaFile],
          args,
        ].flat(),
        {
          stdout: "ignore",
          stderr: Bun.file(join(folder, "etcd.log")),
          env: { ...process.env, ETCD_UNSUPPORTED_ARCH: process.arch },
        },
      );
      const child = running;
      const deadline = Date.now() + 60_000;
      while (!(await isHealthy(health))) {
        if (child.exitCode !== null || Date.now() > deadline) {
          throw new Error(`etcd did not start: ${await Bun.file(join(folder, "etcd.log")).text()}`);
        }
        await Bun.sleep(50);
      }
    },
    [Symbol.asyncDispose]: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function isHealthy(address: string): Promise<boolean> {
  try {
    const response = await fetch(`${address}/health`, { signal: AbortSignal.timeout(1_000) });
    return (await response.text()).includes('"true"');
  } catch {
    return false;
  }
}

/** A free port that no outgoing connection takes meanwhile. */
export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}
