import { main } from "../../infra/cli/topics.ts";
import type { TriedAnswer } from "../../infra/api/declarations.ts";
import { withConfigFile } from "./command.ts";

/** Runs `bun run topics try` in this process, with this config. */
export async function runTry(
  config: object,
  args: readonly string[],
  signal = new AbortController().signal,
): Promise<{ readonly out: string; readonly error: string; readonly code: number }> {
  const [out, error]: [string[], string[]] = [[], []];
  const code = await withConfigFile(config, (file) =>
    main(["try", ...args, "--config", file], {
      environment: {},
      out: (text) => void out.push(text),
      error: (text) => void error.push(text),
      signal,
      now: () => Date.now(),
      random: () => Math.random(),
    }),
  );
  return { out: out.join(""), error: error.join(""), code };
}

/** The same with `--json`; fails if nothing is printed. */
export async function tryJson(config: object, ...args: string[]) {
  const { out, error, code } = await runTry(config, [...args, "--json"]);
  if (out === "") throw new Error(`topics try ended with ${code}: ${error}`);
  return { tried: JSON.parse(out) as TriedAnswer, text: out, error, code };
}
