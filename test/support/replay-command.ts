import { runCommand } from "./command.ts";
/** Runs `bun run replay` as a process, with this config. */
export const runReplay = (config: object, ...args: string[]) => runCommand("replay", config, args);

/** The same with `--json`; fails if stdout is empty. */
export async function replayJson(config: object, ...args: string[]) {
  const { out, error, code } = await runReplay(config, "--json", ...args);
  if (out === "") throw new Error(`replay ended with ${code}: ${error}`);
  return { result: JSON.parse(out) as Record<string, unknown>, error, code };
}
