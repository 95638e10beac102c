import { main as topics } from "../../infra/cli/topics.ts";
import type { CommandIo } from "../../infra/cli/kit/command-io.ts";
import { withConfigFile } from "./command.ts";

type Main = (argv: readonly string[], io: CommandIo) => Promise<number>;

/** Runs a command with this config, without a process of its own, which would take a second each time. */
export async function runHere(
  command: Main | typeof topics,
  config: object,
  args: readonly string[],
  signal = AbortSignal.timeout(240_000),
): Promise<{ readonly out: string; readonly error: string; readonly code: number }> {
  const said = { out: "", error: "" };
  const out = (text: string): void => void (said.out += text);
  const write = (text: string): void => void (said.error += text);
  const outputLost = new AbortController().signal;
  const io = { environment: {}, out, signal, now: () => Date.now(), random: () => Math.random() };
  const code = await withConfigFile(config, (file) => {
    const argv = [...args, "--config", file];
    return isTopics(command)
      ? command(argv, { ...io, error: write })
      : command(argv, { ...io, error: { write }, painted: { write: out }, outputLost });
  });
  return { ...said, code };
}

const isTopics = (command: Main | typeof topics): command is typeof topics => command === topics;
