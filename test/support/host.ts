import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import type { ListedTopic } from "../../lib/rules/progress/holdings.ts";
import { eventually } from "./eventually.ts";

/** A real host in its own process, on a free port, with a config file in its own folder. */
export interface TestHost extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  readonly folder: string;
  readonly configPath: string;
  /** Resolves with the exit code, or 128 + signal. */
  readonly exited: Promise<number>;
  /** Its log so far, one parsed JSON line each. */
  log(): Record<string, unknown>[];
  /** Replaces the config file in place. */
  writeConfig(config: object | string): Promise<void>;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** The same, again while it answers 503: a server behind it is too busy. */
  answer(path: string, init?: RequestInit): Promise<Response>;
  topics(): Promise<ListedTopic[]>;
  /** Waits until the topic's status satisfies the condition. */
  untilTopic(
    topic: string,
    what: string,
    is: (status: ListedTopic) => boolean,
    deadlineMs?: number,
  ): Promise<ListedTopic>;
  /** Waits until it has indexed so many records since its start. What it read or sent again may be there already. */
  untilIndexed(topic: string, records: number, deadlineMs?: number): Promise<ListedTopic>;
  /** Waits until it owns these many partitions of the topic, by default any, and has committed all of them. */
  untilCaughtUp(topic: string, partitions?: number, deadlineMs?: number): Promise<ListedTopic>;
  /** Waits until /readyz is answered with 200. */
  untilReady(): Promise<unknown>;
  signal(name: NodeJS.Signals): void;
  /** Sends SIGTERM. @returns the exit code */
  stop(): Promise<number>;
}

const EXITED = "exited";

/** The process of a host, from its very start. */
export interface HostProcess {
  readonly pid: number;
  /** Its log. */
  readonly stdout: ReadableStream<Uint8Array>;
  /** Null while it runs. */
  readonly exitCode: number | null;
  /** Resolves with the exit code, or 128 + signal. */
  readonly exited: Promise<number>;
  kill(signal: NodeJS.Signals): void;
}

export interface TestHostOptions {
  /** Environment variables in addition to the test's. */
  readonly environment?: Readonly<Record<string, string>>;
  /** A program to run instead of infra/host/main.ts, with its arguments. */
  readonly entry?: readonly string[];
  /** The folder of the Penstock to run; this one by default. */
  readonly checkout?: string;
  /** Starts it in another way than from source, with the config.yaml in this folder. */
  readonly start?: (folder: string) => Promise<HostProcess>;
}

/**
 * Starts a host and waits until it answers. Adds `http` with a free port to the config if it is missing.
 * @param config written as YAML; text is written unchanged and must contain `port: 0`
 */
export async function startTestHost(
  config: object | string,
  options: TestHostOptions = {},
): Promise<TestHost> {
  const folder = await mkdtemp(join(tmpdir(), "penstock-host-"));
  const configPath = join(folder, "config.yaml");
  const writeConfig = (wanted: object | string): Promise<void> =>
    writeFile(configPath, typeof wanted === "string" ? wanted : stringify({ http: { port: 0 }, ...wanted }));
  await writeConfig(config);

  const lines: Record<string, unknown>[] = [];
  const child =
    (await options.start?.(folder)) ??
    Bun.spawn([process.execPath, ...(options.entry ?? ["infra/host/main.ts"]), "--config", configPath], {
      cwd: options.checkout ?? join(import.meta.dir, "../.."),
      env: { ...process.env, ...options.environment },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
  const reading = readLines(child.stdout, (line) => lines.push(JSON.parse(line) as Record<string, unknown>));

  // A test that times out is abandoned without its disposal.
  const killAtExit = (): void => child.kill("SIGKILL");
  process.once("exit", killAtExit);
  const dispose = async (): Promise<void> => {
    process.off("exit", killAtExit);
    child.kill("SIGKILL");
    await child.exited;
    await reading;
    await rm(folder, { recursive: true, force: true });
  };
  let url: string;
  try {
    url = await eventually("the host answers or exits", () => {
      if (child.exitCode !== null) return EXITED;
      const line = lines.find(({ msg }) => msg === "penstock answers");
      return typeof line?.["url"] === "string" ? line["url"] : null;
    });
    if (url === EXITED) throw new Error(`the host exited with ${child.exitCode}`);
  } catch (error) {
    await dispose();
    throw error;
  }

  const host: TestHost = {
    url,
    pid: child.pid,
    folder,
    configPath,
    exited: child.exited,
    log: () => [...lines],
    writeConfig,
    fetch: (path, init) => fetch(new URL(path, url), init),
    answer: (path, init) =>
      eventually(`${path} is answered`, async () => {
        const answer = await host.fetch(path, init);
        return answer.status === 503 ? null : answer;
      }),
    async topics() {
      const answer = await host.fetch("/topics");
      return (await answer.json()) as ListedTopic[];
    },
    untilTopic: (topic, what, is, deadlineMs) =>
      eventually(
        `topic ${topic}: ${what}`,
        async () => {
          const status = (await host.topics()).find((entry) => entry.topic === topic);
          return status !== undefined && is(status) ? status : null;
        },
        deadlineMs,
      ),
    untilIndexed: (topic, records, deadlineMs) =>
      host.untilTopic(
        topic,
        `has indexed ${records}`,
        ({ counts: { indexed, duplicate }, partitions }) =>
          indexed === records ||
          // What is counted twice may stand for a record that is still to come.
          (indexed + duplicate >= records && partitions.every(({ lag }) => lag === 0)),
        deadlineMs,
      ),
    untilCaughtUp: (topic, count, deadlineMs) =>
      host.untilTopic(
        topic,
        "has caught up",
        ({ partitions }) =>
          partitions.length > 0 &&
          partitions.length === (count ?? partitions.length) &&
          partitions.every(({ lag }) => lag === 0),
        deadlineMs,
      ),
    untilReady: () => eventually("the host is ready", async () => (await host.fetch("/readyz")).ok),
    signal: (name) => child.kill(name),
    stop() {
      child.kill("SIGTERM");
      return child.exited;
    },
    [Symbol.asyncDispose]: dispose,
  };
  return host;
}

async function readLines(stream: ReadableStream<Uint8Array>, onLine: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    for (const line of parts) if (line !== "") onLine(line);
  }
}
