import type { Context } from "hono";
import { quoted } from "./problem.ts";

/**
 * The parameters of a request by name, or what is wrong with them as a sentence. Unknown names are refused:
 * `?dryrun=true` must not act for real.
 */
export function readQuery<const T extends string>(
  c: Context,
  allowed: readonly T[],
): Readonly<Partial<Record<T, string>>> | string {
  const words: Partial<Record<T, string>> = {};
  for (const [name, values] of Object.entries(c.req.queries())) {
    const known = allowed.find((one) => one === name);
    if (known === undefined) return unknownName(name, allowed);
    if (values.length > 1) return `${name} is given ${values.length} times: it may be given once.`;
    words[known] = values[0] ?? "";
  }
  return words;
}

/** What is wrong with a value that must be one of a few; null: nothing, or it is not given. */
export function choiceFault(
  name: string,
  value: string | undefined,
  choices: readonly string[],
): string | null {
  if (value === undefined || choices.includes(value)) return null;
  return `${name} is ${quoted(value)}: it must be ${choices.join(" or ")}.`;
}

export function unknownName(name: string, allowed: readonly string[]): string {
  if (allowed.length === 0) return `Unknown parameter ${quoted(name)}: this path takes none.`;
  const last = allowed.at(-1) ?? "";
  const names = allowed.length === 1 ? last : `${allowed.slice(0, -1).join(", ")} or ${last}`;
  return `Unknown parameter ${quoted(name)}: it must be ${names}.`;
}
