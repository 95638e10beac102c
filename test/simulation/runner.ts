import { availableParallelism } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { addTallies, nothing, type Tally } from "./tally.ts";

/** A range of seeds. */
export interface SimulateOptions {
  readonly from: number;
  readonly seeds: number;
  /** True: the first failure ends everything; other results are not counted. */
  readonly stopAtFirst: boolean;
  /** A deliberately broken variant of the source, see broken/variants.ts; null for the source as it is. */
  readonly broken: string | null;
  readonly processes?: number;
  readonly signal?: AbortSignal;
}

export interface SeedFailure {
  readonly seed: number;
  readonly violation: string;
}

export interface Simulated {
  readonly tally: Tally;
  /** By seed. */
  readonly failures: readonly SeedFailure[];
}

/** A worker's output, one line of JSON each. */
export type WorkerLine =
  | ({ readonly kind: "failure" } & SeedFailure)
  | { readonly kind: "end"; readonly tally: Tally };

/** Runs the seeds in separate processes, so that every core gets some. @throws Error if one of them died */
export async function simulate(options: SimulateOptions): Promise<Simulated> {
  const { processes = availableParallelism() } = options;
  const workers = Math.max(1, Math.min(processes, options.seeds));
  const enough = new AbortController();
  const ended = await Promise.all(
    Array.from({ length: workers }, (_, worker) => runWorker(options, { worker, workers, enough })),
  );
  const failures = ended.flatMap(({ failures }) => failures).sort((a, b) => a.seed - b.seed);
  return { tally: addTallies(ended.map(({ tally }) => tally)), failures };
}

interface WorkerPlace {
  readonly worker: number;
  readonly workers: number;
  /** Ends all of them. */
  readonly enough: AbortController;
}

/** Runs every `workers`-th seed. */
async function runWorker(
  options: SimulateOptions,
  { worker, workers, enough }: WorkerPlace,
): Promise<Simulated> {
  const { from, seeds, stopAtFirst, broken, signal } = options;
  const preload = broken === null ? [] : ["--preload", join(import.meta.dir, "broken/preload.ts")];
  const words = [from + worker, workers, from + seeds].map(String);
  const child = Bun.spawn([process.execPath, ...preload, join(import.meta.dir, "worker.ts"), ...words], {
    stdio: ["ignore", "pipe", "inherit"],
    signal: AbortSignal.any([enough.signal, ...(signal === undefined ? [] : [signal])]),
    env: { ...process.env, ...(broken === null ? {} : { [BROKEN_VARIABLE]: broken }) },
  });
  const failures: SeedFailure[] = [];
  let tally: Tally | null = null;
  for await (const text of createInterface({ input: Readable.fromWeb(child.stdout) })) {
    const line = JSON.parse(text) as WorkerLine;
    if (line.kind === "end") ({ tally } = line);
    else {
      failures.push({ seed: line.seed, violation: line.violation });
      if (stopAtFirst) enough.abort();
    }
  }
  const code = await child.exited;
  signal?.throwIfAborted();
  if (enough.signal.aborted) return { tally: nothing, failures };
  if (code !== 0 || tally === null) throw new Error(`a process of the simulation ended with ${code}`);
  return { tally, failures };
}

/** The environment variable that names the broken variant to load. */
export const BROKEN_VARIABLE = "PENSTOCK_BROKEN_VARIANT";
