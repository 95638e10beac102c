import { countsOf } from "../../../functions/fleet/sums.ts";
import type { OutcomeCounts } from "../../../lib/rules/progress/status.ts";
import { startTestHost, type TestHost } from "../host.ts";
import { peakRssBytes } from "./memory.ts";
import type { Lane } from "./world.ts";

/** One host of a scene behind its own proxies; it can be stopped and restarted. */
export interface Replica extends AsyncDisposable {
  readonly lane: Lane;
  /** Throws if it is not running. */
  readonly host: TestHost;
  readonly running: boolean;
  /** The peak memory of any of its processes. */
  readonly peakRssBytes: number;
  start(): Promise<void>;
  /** Resolves with the exit code, or 128 + signal, once the process has ended. */
  end(signal: "SIGKILL" | "SIGTERM"): Promise<number>;
  /** Sends SIGTERM. @throws Error with its last log lines if its exit code is not 0 */
  endWell(): Promise<void>;
  ready(): Promise<boolean>;
  /** Sums over the topics. */
  counts(): Promise<OutcomeCounts>;
  /** Replaces its config file, also for later starts. */
  configure(config: object): Promise<void>;
}

const RSS_EVERY_MS = 200;
const LAST_LINES = 20;

/**
 * @param lane is owned and disposed by the replica
 * @param configFor the config of a host with these server addresses
 */
export async function createReplica(
  lane: Lane,
  configFor: (broker: string, node: string) => object,
): Promise<Replica> {
  const written = (config: object): object => ({
    ...configFor(lane.broker, lane.elasticsearch.url),
    ...config,
  });
  let changes: object = {};
  let host: TestHost | null = null;
  let peakBytes = 0;

  const measure = async (): Promise<void> => {
    if (host !== null) peakBytes = Math.max(peakBytes, (await peakRssBytes(host.pid)) ?? 0);
  };
  const timer = setInterval(() => void measure(), RSS_EVERY_MS);
  const present = (): TestHost => {
    if (host === null) throw new Error("this host does not run");
    return host;
  };

  const replica: Replica = {
    lane,
    get host() {
      return present();
    },
    get running() {
      return host !== null;
    },
    get peakRssBytes() {
      return peakBytes;
    },
    async start() {
      if (host !== null) throw new Error("this host runs already");
      host = await startTestHost(written(changes));
    },
    async end(signal) {
      const ending = present();
      await measure();
      ending.signal(signal);
      const code = await ending.exited;
      host = null;
      await ending[Symbol.asyncDispose]();
      return code;
    },
    async endWell() {
      const ending = present();
      const code = await replica.end("SIGTERM");
      if (code === 0) return;
      const lines = ending.log().slice(-LAST_LINES);
      const text = lines.map((line) => JSON.stringify(line)).join("\n");
      throw new Error(`the host exited with ${code} after SIGTERM:\n${text}`);
    },
    async ready() {
      const answer = await present().fetch("/readyz", { signal: AbortSignal.timeout(5_000) });
      return answer.status === 200;
    },
    async counts() {
      return countsOf((await present().topics()).map(({ counts }) => counts));
    },
    async configure(config) {
      changes = { ...changes, ...config };
      await host?.writeConfig(written(changes));
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await host?.[Symbol.asyncDispose]();
      await lane[Symbol.asyncDispose]();
    },
  };
  await replica.start().catch(async (error: unknown) => {
    await replica[Symbol.asyncDispose]();
    throw error;
  });
  return replica;
}
