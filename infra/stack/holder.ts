import type { Progress } from "./process/progress.ts";
import type { Environment } from "./process/ground.ts";
import type { KafkaVersion } from "./artifacts/kafka-versions.ts";
import { cacheFolder, startStack, type StackOptions } from "./stack.ts";
import {
  addressesOf,
  CHECKOUT,
  readState,
  removeState,
  stateFile,
  writeState,
  type StackState,
} from "./state.ts";

/** The holder's messages to the command that started it. */
export type HolderReport =
  | { kind: "progress"; progress: Progress }
  | { kind: "up"; state: StackState }
  | { kind: "failed"; message: string };

export type HolderOptions = Pick<StackOptions, "ports" | "members"> & { readonly kafka: KafkaVersion };

/**
 * The process behind `stack up`: boots a stack, reports it, and holds it until SIGTERM. Before the stack is up, the holder ends
 * together with the command that started it, so that Ctrl-C leaves nothing behind.
 */
export async function holdStack(
  wanted: HolderOptions,
  environment: Environment,
  report: (message: HolderReport) => void,
): Promise<void> {
  const ending = new AbortController();
  const end = (): void => ending.abort(new Error("the stack was stopped before it was up"));
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  process.on("disconnect", end);
  try {
    const options: StackOptions = {
      environment,
      signal: ending.signal,
      onProgress: (progress) => report({ kind: "progress", progress }),
      ...wanted,
    };
    await using stack = await startStack(options);
    const file = stateFile(cacheFolder(environment));
    const other = await readState(file);
    if (other !== undefined) throw new Error(`another stack is up meanwhile, held by process ${other.pid}`);
    const state: StackState = {
      pid: process.pid,
      folder: stack.folder,
      startedAt: new Date().toISOString(),
      checkout: CHECKOUT,
      kafka: wanted.kafka,
      addresses: addressesOf(stack),
    };
    await writeState(file, state);
    process.off("disconnect", end);
    report({ kind: "up", state });
    if (!ending.signal.aborted)
      await new Promise((resolve) => ending.signal.addEventListener("abort", resolve));
    await removeState(file, process.pid);
  } catch (error) {
    report({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  }
}
