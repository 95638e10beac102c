// The process of the guardian; see guard.ts. Its argument is the folder to create and remove.
import { closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type { GuardReport, GuardRequest } from "./guard.ts";

const folder = process.argv[2] ?? "";
const running = new Set<Bun.Subprocess>();
let ending = false;

process.on("disconnect", () => void end());
process.on("SIGTERM", () => void end());
process.on("SIGHUP", () => void end());
process.on("message", (request: GuardRequest) => start(request));

try {
  mkdirSync(dirname(folder), { recursive: true });
  mkdirSync(folder, { mode: 0o700 });
  report({ kind: "ready" });
} catch (error) {
  report({ kind: "refused", reason: `cannot create ${folder}: ${String(error)}` });
  process.exit(1);
}

function start({ id, command, logFile, environment }: GuardRequest): void {
  if (ending) return;
  try {
    const log = openSync(logFile, "a");
    const child = Bun.spawn([...command], {
      cwd: folder,
      env: environment,
      stdio: ["ignore", log, log],
      onExit(child, code) {
        running.delete(child);
        report({ kind: "exited", id, exit: { code, signal: child.signalCode } });
      },
    });
    closeSync(log);
    running.add(child);
    report({ kind: "started", id, pid: child.pid });
  } catch (error) {
    report({ kind: "failed", id, reason: `cannot start ${command[0]}: ${String(error)}` });
  }
}

/** SIGKILL: nothing in the folder is needed again, and it ends frozen processes too. */
async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  const children = [...running];
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(children.map((child) => child.exited));
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.exit(0);
}

function report(message: GuardReport): void {
  if (process.connected) process.send?.(message);
}
