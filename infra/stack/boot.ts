import { createProgressDisplay } from "./process/progress.ts";
import { startStack, type Stack, type StackOptions } from "./stack.ts";

/** Boots a stack and shows progress on standard error. The caller ends it. */
export async function bootStack(options: Omit<StackOptions, "onProgress">): Promise<Stack> {
  const display = createProgressDisplay(process.stderr);
  try {
    return await startStack({ ...options, onProgress: (progress) => display.show(progress) });
  } finally {
    display.end();
  }
}
