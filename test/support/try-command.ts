import { main } from "../../infra/cli/topics.ts";
import type { TriedAnswer } from "../../infra/api/declarations.ts";
import { runHere } from "./command-here.ts";

/** Runs `bun run topics try` in this process, with this config. */
export const runTry = (config: object, args: readonly string[], signal?: AbortSignal) =>
  runHere(main, config, ["try", ...args], signal);

/** The same with `--json`; fails if nothing is printed. */
export async function tryJson(config: object, ...args: string[]) {
  const { out, error, code } = await runTry(config, [...args, "--json"]);
  if (out === "") throw new Error(`topics try ended with ${code}: ${error}`);
  return { tried: JSON.parse(out) as TriedAnswer, text: out, error, code };
}
