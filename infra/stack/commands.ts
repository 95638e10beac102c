import { rm } from "node:fs/promises";
import { join } from "node:path";
import { exists } from "./artifacts/maven.ts";
import { createProgressDisplay, type ProgressOutput } from "./process/progress.ts";
import { memberName } from "./process/ground.ts";
import type { HolderReport } from "./holder.ts";
import { probeBroker } from "./servers/kafka.ts";
import { isAlive, sendSignal } from "./process/signal.ts";
import { waitFor } from "./process/wait-for.ts";
import { nodesOf, readState, type Addresses, type StackState } from "./state.ts";

export interface ServerHealth {
  /** `kafka`, `elasticsearch` or `etcd`; in a cluster with a number: `kafka-1`. */
  name: string;
  address: string;
  answers: boolean;
  problem?: string;
}

/** Starts the holder and waits for its report. @throws Error with what went wrong */
export async function bringUp(
  output: ProgressOutput,
  holderArguments: readonly string[],
): Promise<StackState> {
  const display = createProgressDisplay(output);
  const outcome = Promise.withResolvers<StackState>();
  const holder = Bun.spawn([process.execPath, join(import.meta.dir, "main.ts"), "hold", ...holderArguments], {
    detached: true,
    stdio: ["ignore", "ignore", "ignore"],
    ipc(report: HolderReport) {
      if (report.kind === "progress") display.show(report.progress);
      else if (report.kind === "up") outcome.resolve(report.state);
      else outcome.reject(new Error(report.message));
    },
  });
  void holder.exited.then((code) =>
    outcome.reject(new Error(`the process that holds the stack exited with ${code}`)),
  );
  try {
    return await outcome.promise;
  } finally {
    display.end();
    holder.disconnect();
    holder.unref();
  }
}

/** Ends the stack on file. @returns false if there was none @throws Error if it does not end within 30 s */
export async function takeDown(file: string): Promise<boolean> {
  const state = await readState(file);
  if (state === undefined) {
    await rm(file, { force: true });
    return false;
  }
  sendSignal(state.pid, "SIGTERM");
  // The folder is removed last, after the servers.
  const hasEnded = async (): Promise<boolean> => !isAlive(state.pid) || !(await exists(state.folder));
  await waitFor(`the end of the stack, process ${state.pid}`, hasEnded, { withinMs: 30_000 });
  return true;
}

/** Asks all servers at the same time. A connection is not enough: a frozen server accepts it and does not answer. */
export async function probeServers(addresses: Addresses): Promise<ServerHealth[]> {
  const asked = (
    name: string,
    members: readonly string[],
    probe: (address: string) => Promise<void>,
  ): Promise<ServerHealth>[] =>
    members.map((address, at) => healthOf(memberName(name, at + 1, members.length), address, probe(address)));
  return Promise.all([
    ...asked("kafka", addresses.brokers, probeBroker),
    ...asked("elasticsearch", nodesOf(addresses), (node) => answersOk(`${node}/_cluster/health`)),
    ...asked("etcd", addresses.etcdEndpoints, (endpoint) => answersOk(`${endpoint}/health`)),
  ]);
}

async function healthOf(name: string, address: string, probe: Promise<void>): Promise<ServerHealth> {
  try {
    await probe;
    return { name, address, answers: true };
  } catch (error) {
    return { name, address, answers: false, problem: error instanceof Error ? error.message : String(error) };
  }
}

async function answersOk(url: string): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(3_000) });
  if (!response.ok) throw new Error(`answered ${response.status}`);
}
