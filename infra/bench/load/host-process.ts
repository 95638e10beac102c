import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { z } from "zod";
import { pause, waitFor, type WaitOptions } from "../../stack/process/wait-for.ts";

export interface HostConfig {
  readonly kafka: { readonly brokers: readonly string[]; readonly group: string };
  readonly [section: string]: unknown;
}

/** A host in its own process, started like `bun run host`, with its config file in a folder of its own. */
export interface HostProcess extends AsyncDisposable {
  readonly url: string;
  readonly configPath: string;
  readonly pid: number;
  /** Aborts when the process ends; the reason contains the end of its log. */
  readonly gone: AbortSignal;
  /** Replaces the config file atomically; resolves after the rename. */
  replaceConfig(config: HostConfig): Promise<void>;
  /** Returns the state of each topic. */
  states(): Promise<ReadonlyMap<string, string>>;
  /** Returns the partitions that this host owns, as `topic/partition`. */
  owned(): Promise<ReadonlySet<string>>;
  /** Resolves once all these topics are running. Asks less often than told if answers take long. */
  untilRunning(topics: readonly string[], options: WaitOptions): Promise<void>;
  /** Returns the committed records of all topics, as the host reports them. */
  recordsCommitted(): Promise<number>;
  /** Resolves once `/readyz` answers 200. */
  untilReady(options: WaitOptions): Promise<void>;
  /** Ends the process, with SIGTERM by default, as an orchestrator does. @returns its exit code, or 128 + signal */
  terminate(signal?: "SIGTERM" | "SIGKILL"): Promise<number>;
}

const root = join(import.meta.dir, "../../..");
const topicsAnswer = z.array(
  z.object({
    topic: z.string(),
    state: z.string(),
    partitions: z.array(
      z.object({ partition: z.number(), owned: z.boolean(), committed: z.number().nullable() }),
    ),
  }),
);
/** Questions take at most a tenth of the host's time. */
const SHARE_OF_ASKING = 10;
const LOG_TAIL_CHARACTERS = 2_000;
const logLine = z.object({ msg: z.string(), url: z.string().optional() });

/**
 * Starts a host and waits until it answers. It listens on a free port, whatever the config says.
 * @param checkout the folder of the Penstock to run; this one by default
 */
export async function startHostProcess(
  config: HostConfig,
  signal: AbortSignal,
  checkout: string = root,
): Promise<HostProcess> {
  const folder = await mkdtemp(join(tmpdir(), "penstock-bench-"));
  const configPath = join(folder, "config.yaml");
  const textOf = (wanted: HostConfig): string => stringify({ ...wanted, http: { port: 0 } });
  await writeFile(configPath, textOf(config));
  const logPath = join(folder, "host.log");
  const child = Bun.spawn([process.execPath, "infra/host/main.ts", "--config", configPath], {
    cwd: checkout,
    stdin: "ignore",
    stdout: Bun.file(logPath),
    stderr: "inherit",
    signal,
  });
  const killAtExit = (): void => child.kill("SIGKILL");
  process.once("exit", killAtExit);
  const gone = new AbortController();
  void child.exited.then(async (code) => {
    // After a disposal the log is gone, and nobody needs it.
    const log = await Bun.file(logPath)
      .text()
      .catch(() => "");
    gone.abort(new Error(`the host exited with ${code}:\n${log.slice(-LOG_TAIL_CHARACTERS)}`));
  });
  const dispose = async (): Promise<void> => {
    child.kill("SIGKILL");
    await child.exited;
    process.off("exit", killAtExit);
    await rm(folder, { recursive: true, force: true });
  };

  const loggedUrl = async (): Promise<string | undefined> => {
    const log = await Bun.file(logPath).text();
    if (child.exitCode !== null) throw new Error(`the host exited with ${child.exitCode}:\n${log}`);
    const lines = log.split("\n").slice(0, -1);
    return lines.map((line) => logLine.parse(JSON.parse(line)).url).find((url) => url !== undefined);
  };
  const url = await waitFor("the host logs its URL", loggedUrl, { signal, withinMs: 30_000 }).catch(
    async (error: unknown) => {
      await dispose();
      throw error;
    },
  );

  const topics = async (): Promise<z.output<typeof topicsAnswer>> =>
    topicsAnswer.parse(await (await fetch(new URL("/topics", url), { signal })).json());
  const states = async (): Promise<ReadonlyMap<string, string>> =>
    new Map((await topics()).map(({ topic, state }) => [topic, state]));
  return {
    url,
    configPath,
    pid: child.pid,
    gone: gone.signal,
    async replaceConfig(wanted) {
      await writeFile(`${configPath}.next`, textOf(wanted));
      await rename(`${configPath}.next`, configPath);
    },
    states,
    async owned() {
      const places = (await topics()).flatMap(({ topic, partitions }) =>
        partitions.flatMap(({ partition, owned }) => (owned ? [`${topic}/${partition}`] : [])),
      );
      return new Set(places);
    },
    async untilRunning(wanted, options) {
      const ask = async (): Promise<boolean> => {
        const askedAt = performance.now();
        const found = await states();
        if (wanted.every((topic) => found.get(topic) === "running")) return true;
        // With ten thousand topics the answer is long: the host must not be busy with it all the time.
        await pause(SHARE_OF_ASKING * (performance.now() - askedAt), signal);
        return false;
      };
      await waitFor(`${wanted.length} topics run`, ask, { signal, ...options });
    },
    async recordsCommitted() {
      const all = (await topics()).flatMap(({ partitions }) => partitions);
      return all.reduce((sum, { committed }) => sum + (committed ?? 0), 0);
    },
    async untilReady(options) {
      const ask = async (): Promise<boolean> => (await fetch(new URL("/readyz", url), { signal })).ok;
      await waitFor("the host is ready", ask, { signal, ...options });
    },
    terminate(end = "SIGTERM") {
      child.kill(end);
      return child.exited;
    },
    [Symbol.asyncDispose]: dispose,
  };
}
