import { parseArgs, type ParseArgsConfig } from "node:util";
import { messageOf, PenstockError } from "../../../lib/rules/base/errors.ts";
import { nameHint } from "../../../lib/rules/base/nearest-name.ts";

/** Options of every command. */
export const COMMON_OPTIONS = {
  json: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;
export const CONFIG_OPTIONS = { config: { type: "string" }, ...COMMON_OPTIONS } as const;

/**
 * Node's `parseArgs`, strict. `--since -2h` is an option and its value: no option begins with a digit.
 * @throws PenstockError `usage`, with one sentence that names the argument and, for an unknown option, a similar one or all
 */
export function parseWords<const T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs<T>({ ...config, args: withAges(config) });
  } catch (error) {
    throw new PenstockError("usage", unknownOption(config) ?? messageOf(error));
  }
}

/** @throws PenstockError `usage` if the word is not a known command */
export function commandNamed<T extends string>(word: string | undefined, known: readonly T[]): T {
  const command = known.find((name) => name === word);
  if (command !== undefined) return command;
  const names = known.join(", ");
  throw new PenstockError(
    "usage",
    word === undefined
      ? `A command is missing: ${names}`
      : `Unknown command: ${word} (${nameHint(word, known)})`,
  );
}

/** Parses the value of an option. @throws PenstockError `usage`, naming the option, the value and the rule */
export function wholeNumber(option: string, value: string, least: number): number {
  if (/^\d{1,9}$/.test(value) && Number(value) >= least) return Number(value);
  throw new PenstockError("usage", `--${option} is "${value}": it must be a whole number, at least ${least}`);
}

/** Whether `--json` was given. For reporting errors in the arguments themselves. */
export function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return argv.slice(0, end < 0 ? argv.length : end).includes("--json");
}

function withAges({ args = [], options = {} }: ParseArgsConfig): string[] {
  const end = args.indexOf("--");
  return args.flatMap((word, at) => {
    const isValue = (position: number): boolean =>
      (end < 0 || position < end) &&
      /^-\d/.test(args[position] ?? "") &&
      options[args[position - 1]?.replace(/^--/, "") ?? ""]?.type === "string";
    if (isValue(at)) return [];
    return isValue(at + 1) ? [`${word}=${args[at + 1] ?? ""}`] : [word];
  });
}

function unknownOption({ args = [], options = {} }: ParseArgsConfig): string | null {
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  const known = Object.keys(options);
  const unknown = tokens.find((token) => token.kind === "option" && !known.includes(token.name));
  if (unknown?.kind !== "option") return null;
  const flags = known.map((name) => `--${name}`);
  return `Unknown option: ${unknown.rawName} (${nameHint(unknown.rawName, flags)})`;
}
