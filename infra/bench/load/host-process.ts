import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import { z } from "zod";
import { type GroupNaming, groupNamingOf } from "../kit/checkout.ts";
import { poll } from "../kit/poll.ts";

/** What its config says, in today's words: an older checkout is told in its own. */
export interface HostConfig {
  readonly kafka: { readonly brokers: readonly string[]; readonly group: string };
  readonly [section: string]: unknown;
}

/** A host in a process of its own, as `bun run host` would start it, with a config file in a folder of its own. */
export interface HostProcess extends AsyncDisposable {
  /** Where it answers. */
  readonly url: string;
  readonly configPath: string;
  readonly pid: number;
  readonly groups: GroupNaming;
  /** Aborts when it has ended, with the end of its log. */
  readonly gone: AbortSignal;
  /** Replaces the config file atomically: resolves when it was renamed. */
  replaceConfig(config: HostConfig): Promise<void>;
  /** The state of each topic. */
  states(): Promise<ReadonlyMap<string, string>>;
  /** Those partitions that it owns, as `topic/partition`. */
  owned(): Promise<ReadonlySet<string>>;
  /** Resolves once all of them are running; asks every `everyMs`, less often where an answer takes long. @throws the signal's reason */
  untilRunning(topics: readonly string[], everyMs: number, signal: AbortSignal): Promise<void>;
  /** Of all topics, as it knows. */
  recordsCommitted(): Promise<number>;
  /** Resolves once `/readyz` answers 200; asks every `everyMs`. @throws the signal's reason */
  untilReady(everyMs: number, signal: AbortSignal): Promise<void>;
  /** By SIGTERM, as an orchestrator ends it, unless told. @returns its exit code, or 128 + signal */
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
/** A tenth of its time goes into answers at most. */
const SHARE_OF_ASKING = 10;
/** Of a log, in characters. */
const LAST_WORDS = 2_000;
const logLine = z.object({ msg: z.string(), url: z.string().optional() });

/**
 * Starts it and waits until it answers. It listens on a free port, whatever the config says.
 * @param checkout the folder of the Penstock to run; this one unless told
 */
export async function startHostProcess(
  config: HostConfig,
  signal: AbortSignal,
  checkout: string = root,
): Promise<HostProcess> {
  const groups = await groupNamingOf(checkout);
  const folder = await mkdtemp(join(tmpdir(), "penstock-bench-"));
  const configPath = join(folder, "config.yaml");
  const textOf = ({ kafka: { group, ...kafka }, ...wanted }: HostConfig): string =>
    stringify({ kafka: { ...kafka, ...groups.settings(group) }, ...wanted, http: { port: 0 } });
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
    // Not there any more after a disposal, which nobody needs to hear of.
    const log = await Bun.file(logPath)
      .text()
      .catch(() => "");
    gone.abort(new Error(`the host exited with ${code}:\n${log.slice(-LAST_WORDS)}`));
  });
  const dispose = async (): Promise<void> => {
    child.kill("SIGKILL");
    await child.exited;
    process.off("exit", killAtExit);
    await rm(folder, { recursive: true, force: true });
  };

  const url = await poll(
    async () => {
      const log = await Bun.file(logPath).text();
      if (child.exitCode !== null) throw new Error(`the host exited with ${child.exitCode}:\n${log}`);
      const lines = log.split("\n").slice(0, -1);
      return (
        lines.map((line) => logLine.parse(JSON.parse(line)).url).find((url) => url !== undefined) ?? null
      );
    },
    50,
    AbortSignal.any([signal, AbortSignal.timeout(30_000)]),
  ).catch(async (error: unknown) => {
    await dispose();
    throw error;
  });

  const topics = async (): Promise<z.output<typeof topicsAnswer>> =>
    topicsAnswer.parse(await (await fetch(new URL("/topics", url), { signal })).json());
  const owned = async (): Promise<ReadonlySet<string>> =>
    new Set(
      (await topics()).flatMap(({ topic, partitions }) =>
        partitions.flatMap(({ partition, owned }) => (owned ? [`${topic}/${partition}`] : [])),
      ),
    );
  const states = async (): Promise<ReadonlyMap<string, string>> =>
    new Map((await topics()).map(({ topic, state }) => [topic, state]));
  return {
    url,
    configPath,
    pid: child.pid,
    groups,
    owned,
    gone: gone.signal,
    async replaceConfig(wanted) {
      await writeFile(`${configPath}.next`, textOf(wanted));
      await rename(`${configPath}.next`, configPath);
    },
    states,
    async untilRunning(topics, everyMs, limit) {
      await poll(
        async () => {
          const askedAt = performance.now();
          const found = await states();
          if (topics.every((topic) => found.get(topic) === "running")) return true;
          // Of ten thousand topics the answer is long: asking must not be what it is busy with.
          await sleep(SHARE_OF_ASKING * (performance.now() - askedAt), undefined, { signal: limit });
          return null;
        },
        everyMs,
        limit,
      );
    },
    async recordsCommitted() {
      const all = (await topics()).flatMap(({ partitions }) => partitions);
      return all.reduce((sum, { committed }) => sum + (committed ?? 0), 0);
    },
    async untilReady(everyMs, limit) {
      await poll(
        async () => ((await fetch(new URL("/readyz", url), { signal: limit })).ok ? true : null),
        everyMs,
        limit,
      );
    },
    terminate(signal = "SIGTERM") {
      child.kill(signal);
      return child.exited;
    },
    [Symbol.asyncDispose]: dispose,
  };
}
