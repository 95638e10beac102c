import { hostname, userInfo } from "node:os";
import { maxBy } from "../../../lib/rules/progress/hold.ts";
import type { CommandIo } from "../kit/command-io.ts";
import { CONFIG_ROW, helpText, type HelpRow, JSON_ROW } from "../kit/help-text.ts";
import type { LoadedConfig } from "../kit/load-config.ts";

/** The surroundings of `topics`. */
export interface TopicsIo extends Pick<CommandIo, "environment" | "out" | "signal" | "now" | "random"> {
  readonly error: (text: string) => void;
}

/** A parsed call of a verb. */
export interface TopicsCall {
  /** From `--config`; null: not given. */
  readonly config: string | null;
  /** @returns the exit code @throws PenstockError, or an Error with one sentence */
  run(config: LoadedConfig, io: TopicsIo): Promise<number>;
}

/** One thing that `bun run topics` does. Each has a file of its own in `verbs`, with its part of the help. */
export interface TopicsVerb {
  /** The first word of the call. */
  readonly name: string;
  /** What follows it, such as `TOPIC`; empty: nothing. */
  readonly operands: string;
  /** One line for the list of verbs. */
  readonly about: string;
  /** The rest of the verb's own help; an empty line begins a new paragraph. */
  readonly details?: string;
  /** Its options, without those of all verbs. */
  readonly options: readonly HelpRow[];
  /** Replaces the usual ones. */
  readonly exitCodes?: string;
  /** @returns null if the help is wanted @throws PenstockError `usage`, with one sentence that names the argument */
  parse(args: string[]): TopicsCall | null;
}

/** Returns `topics VERB --help`. */
export function verbHelp({ name, operands, about, details, options, exitCodes }: TopicsVerb): string {
  const words = [`topics ${name}`, operands, "[options]"].filter((word) => word !== "");
  const first = `${about.slice(0, 1).toUpperCase()}${about.slice(1)}.`;
  return helpText({
    synopsis: words.join(" "),
    about: details === undefined ? first : `${first}\n\n${details}`,
    options: [...options, CONFIG_ROW, JSON_ROW],
    ...(exitCodes === undefined ? {} : { exitCodes }),
  });
}

/** Who gives an order, for others to see: the login and this machine. */
export function whoami({ USER, LOGNAME }: TopicsIo["environment"]): string {
  const machine = hostname();
  try {
    const user = USER ?? LOGNAME ?? userInfo().username;
    // Bun's word if USER is not set.
    return (user === "unknown" ? machine : `${user}@${machine}`).slice(0, maxBy);
  } catch {
    // A container may run as a user without a name.
    return machine.slice(0, maxBy);
  }
}
