import { z } from "zod";
import { usage } from "../../../lib/rules/base/errors.ts";
import { quoted } from "../../../lib/rules/base/visible-text.ts";

/*
 * Parameters of a query, or members of a small body. A message continues the name and the value:
 * `size "0" must be a whole number from 1 to 100`.
 */

const missing = "is missing";
const textRule = "must be a string";

export function optional(description: string) {
  return z.string(textRule).meta({ description }).optional();
}

export function required(description: string) {
  return z.string(missing).min(1, missing).meta({ description });
}

/** May be repeated; empty if absent. */
export function list(description: string) {
  return z.array(z.string()).meta({ description });
}

/** One of a few words. */
export function choice<const T extends readonly [string, ...string[]]>(values: T, description: string) {
  return z.enum(values, `must be ${eitherOf(values)}`).meta({ description });
}

/** A whole number within these bounds. */
export function whole(description: string, minimum: number, maximum: number) {
  const fits = (digits: string): boolean =>
    /^\d{1,16}$/.test(digits) && Number(digits) >= minimum && Number(digits) <= maximum;
  return z
    .string(missing)
    .refine(fits, `must be a whole number from ${minimum} to ${maximum}`)
    .transform(Number)
    .meta({ description, type: "integer", minimum, maximum });
}

/** False if absent. */
export function flag(description: string) {
  return choice(["true", "false"], description)
    .default("false")
    .transform((value) => value === "true");
}

/**
 * Checks the parameters of a URL, given as each name with all its values.
 * @throws PenstockError `usage`: the name, the value and the rule
 */
export function parseQuery<S extends z.ZodObject>(
  schema: S,
  given: Readonly<Record<string, readonly string[]>>,
): z.output<S> {
  const lists = Object.keys(schema.shape).filter((name) => isList(schema.shape[name]));
  const words = Object.entries(given).map(([name, values]): readonly [string, unknown] => {
    if (lists.includes(name)) return [name, values];
    if (values.length > 1 && Object.hasOwn(schema.shape, name))
      throw usage(`${name} is given ${values.length} times: it may be given once`);
    return [name, values[0] ?? ""];
  });
  return checked(schema, Object.fromEntries([...lists.map((name) => [name, []] as const), ...words]));
}

/**
 * Checks named values. Unknown names are refused: `?dryrun=true` must not act for real.
 * @throws PenstockError `usage`: the name, the value and the rule
 */
export function checked<S extends z.ZodObject>(
  schema: S,
  words: Readonly<Record<string, unknown>>,
): z.output<S> {
  const names = Object.keys(schema.shape);
  const unknown = Object.keys(words).find((name) => !names.includes(name));
  if (unknown !== undefined) throw usage(unknownName(unknown, names));
  const result = schema.safeParse(words);
  if (result.success) return result.data;
  const [{ path, message } = { path: [], message: "is not valid" }] = result.error.issues;
  const name = String(path[0] ?? "");
  throw usage(`${name}${shown(words[name], message, isList(schema.shape[name]))}`);
}

/** Whether a parameter may be given more than once. */
export function isList(schema: unknown): boolean {
  return schema instanceof z.ZodArray;
}

function shown(value: unknown, rule: string, mayRepeat: boolean): string {
  if (mayRepeat && Array.isArray(value)) return ` is given ${value.length} times: it ${rule}`;
  return typeof value === "string" && rule !== missing ? ` ${quoted(value)} ${rule}` : ` ${rule}`;
}

function unknownName(name: string, known: readonly string[]): string {
  if (known.length === 0) return `Unknown parameter ${quoted(name)}: this path takes none`;
  return `Unknown parameter ${quoted(name)}: it must be ${eitherOf(known)}`;
}

/** `a`, `a or b`, `a, b or c`. */
function eitherOf(words: readonly string[]): string {
  return [words.slice(0, -1).join(", "), words.at(-1)].filter(Boolean).join(" or ");
}
