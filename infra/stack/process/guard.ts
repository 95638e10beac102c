import { rm } from "node:fs/promises";
import { join } from "node:path";
import { sendSignal } from "./signal.ts";

/** A request to the guardian: one message. */
export interface GuardRequest {
  id: number;
  command: readonly string[];
  logFile: string;
  environment: Readonly<Record<string, string | undefined>>;
}

/** A message from the guardian. `ready` comes first, once its folder exists. */
export type GuardReport =
  | { kind: "ready" }
  | { kind: "refused"; reason: string }
  | { kind: "started"; id: number; pid: number }
  | { kind: "failed"; id: number; reason: string }
  | { kind: "exited"; id: number; exit: Exit };

/** How a process ended: its code, or the signal that ended it. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | number | null;
}

export interface GuardedProcess {
  readonly pid: number;
  readonly exited: Promise<Exit>;
}

/** Holds processes and a folder. Both end on request, or when the caller dies, even by SIGKILL. */
export interface Guard extends AsyncDisposable {
  readonly folder: string;
  /** Starts a process in the guard's folder. Appends both output streams to `logFile`. */
  spawn(request: Omit<GuardRequest, "id">): Promise<GuardedProcess>;
  /** Kills every process, then removes the folder. Can be called again. */
  end(): Promise<void>;
}

interface Held {
  started: PromiseWithResolvers<GuardedProcess>;
  exited: PromiseWithResolvers<Exit>;
  pid?: number;
}

/**
 * Starts a guardian: a separate process that learns of the caller's death from the closed channel between them.
 * @param folder must not exist; is created now and removed at the end
 * @throws Error if the folder cannot be created
 */
export async function createGuard(folder: string): Promise<Guard> {
  const held = new Map<number, Held>();
  const ready = Promise.withResolvers<void>();
  let lastId = 0;
  let ended = false;

  const guardian = Bun.spawn([process.execPath, join(import.meta.dir, "guardian.ts"), folder], {
    // Its own session, so that Ctrl-C in the caller's terminal reaches neither the guardian nor the servers.
    detached: true,
    stdio: ["ignore", "ignore", "ignore"],
    ipc: (report: GuardReport) => receive(report),
  });
  const gone = guardian.exited.then(release);

  function receive(report: GuardReport): void {
    if (report.kind === "ready") return ready.resolve();
    if (report.kind === "refused") return ready.reject(new Error(report.reason));
    const entry = held.get(report.id);
    if (entry === undefined) return;
    if (report.kind === "started") {
      entry.pid = report.pid;
      entry.started.resolve({ pid: report.pid, exited: entry.exited.promise });
      return;
    }
    held.delete(report.id);
    if (report.kind === "failed") entry.started.reject(new Error(report.reason));
    else entry.exited.resolve(report.exit);
  }

  /** Runs when the guardian has ended. If that was not requested, ends its processes from here. */
  async function release(): Promise<void> {
    const reason = new Error(ended ? "the stack was stopped" : "the guardian process ended unexpectedly");
    ready.reject(reason);
    for (const entry of held.values()) {
      if (!ended && entry.pid !== undefined) sendSignal(entry.pid, "SIGKILL");
      entry.started.reject(reason);
      entry.exited.resolve({ code: null, signal: "SIGKILL" });
    }
    held.clear();
    if (!ended) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async function end(): Promise<void> {
    if (!ended) {
      ended = true;
      guardian.disconnect();
    }
    await gone;
  }

  try {
    await ready.promise;
  } catch (error) {
    // A refused folder belongs to somebody else; the guardian ended without touching it.
    ended = true;
    await gone;
    throw error;
  }

  return {
    folder,
    spawn(request) {
      if (ended) return Promise.reject(new Error("the stack was stopped"));
      const id = ++lastId;
      const entry: Held = { started: Promise.withResolvers(), exited: Promise.withResolvers() };
      held.set(id, entry);
      guardian.send({ id, ...request } satisfies GuardRequest);
      return entry.started.promise;
    },
    end,
    [Symbol.asyncDispose]: end,
  };
}
