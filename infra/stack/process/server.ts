import type { Guard, GuardedProcess } from "./guard.ts";
import { sendSignal } from "./signal.ts";

/** One server process of the stack. A restarted one has the same port and data. */
export interface Server {
  readonly name: string;
  /** All output of the process; grows over restarts. */
  readonly logFile: string;
  /** Undefined while not running. */
  readonly pid: number | undefined;
  /** Resolves when the server answers; does nothing if it is running. @throws Error with the last log lines */
  start(signal?: AbortSignal): Promise<void>;
  /** Sends SIGTERM, and SIGKILL after 15 s. Resolves when the process has ended. */
  stop(): Promise<void>;
  restart(signal?: AbortSignal): Promise<void>;
  /** Sends a signal that ends the process, by default SIGKILL. Resolves when it has ended. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Sends SIGSTOP: connections stay open, and nothing answers. */
  freeze(): void;
  /** Sends SIGCONT, after `freeze`. */
  thaw(): void;
}

export interface ServerOptions {
  name: string;
  guard: Guard;
  command: readonly string[];
  environment: Readonly<Record<string, string | undefined>>;
  logFile: string;
  /** Sends a real request; a rejection means "not yet". Must settle soon after the signal. */
  probe(signal: AbortSignal): Promise<void>;
  readyWithinMs: number;
}

const probeEveryMs = 100;
const probeWithinMs = 2_000;
const stopWithinMs = 15_000;

/** Creates a server that is not running yet: call `start`. It ends with the guard at the latest. */
export function createServer(options: ServerOptions): Server {
  const { name, guard, logFile } = options;
  let current: GuardedProcess | undefined;

  async function start(signal?: AbortSignal): Promise<void> {
    if (current !== undefined) return;
    const { command, environment } = options;
    const started = await guard.spawn({ command, environment, logFile });
    current = started;
    const exited = started.exited.then((exit) => {
      if (current === started) current = undefined;
      return exit;
    });
    await waitUntilReady(
      options,
      exited.then(({ code, signal }) => `ended with ${signal ?? `code ${code}`}`),
      signal,
    );
  }

  async function kill(signal: NodeJS.Signals = "SIGKILL", withinMs?: number): Promise<void> {
    const target = current;
    if (target === undefined) return;
    sendSignal(target.pid, signal);
    // A frozen process would not see the signal.
    if (signal !== "SIGKILL") sendSignal(target.pid, "SIGCONT");
    const timer =
      withinMs === undefined || withinMs === Infinity
        ? undefined
        : setTimeout(() => sendSignal(target.pid, "SIGKILL"), withinMs);
    await target.exited;
    clearTimeout(timer);
  }

  function send(signal: NodeJS.Signals): void {
    if (current === undefined) throw new Error(`${name} is not running`);
    sendSignal(current.pid, signal);
  }

  return {
    name,
    logFile,
    get pid() {
      return current?.pid;
    },
    start,
    stop: () => kill("SIGTERM", stopWithinMs),
    async restart(signal) {
      await kill("SIGTERM", stopWithinMs);
      await start(signal);
    },
    kill: (signal) => kill(signal),
    freeze: () => send("SIGSTOP"),
    thaw: () => send("SIGCONT"),
  };
}

async function waitUntilReady(
  options: ServerOptions,
  ended: Promise<string>,
  signal?: AbortSignal,
): Promise<void> {
  const deadline = AbortSignal.timeout(options.readyWithinMs);
  let end: string | undefined;
  let lastFailure: unknown;
  void ended.then((how) => (end = how));
  for (;;) {
    signal?.throwIfAborted();
    const reason =
      end ?? (deadline.aborted ? `did not answer within ${options.readyWithinMs / 1000} s` : undefined);
    if (reason !== undefined) {
      const lines = await lastLines(options.logFile, 20);
      throw new Error(`${options.name} ${reason}; the end of ${options.logFile}:\n${lines}`, {
        cause: lastFailure,
      });
    }
    try {
      return await options.probe(AbortSignal.timeout(probeWithinMs));
    } catch (error) {
      lastFailure = error;
    }
    await Promise.race([Bun.sleep(probeEveryMs), ended]);
  }
}

/** Returns the last lines of a file, from its last 64 KiB. */
export async function lastLines(path: string, count: number): Promise<string> {
  const file = Bun.file(path);
  if (!(await file.exists())) return "(empty)";
  const tail = await file.slice(Math.max(0, file.size - 65_536)).text();
  return tail.trimEnd().split("\n").slice(-count).join("\n");
}
