export type Environment = Readonly<Record<string, string | undefined>>;

export type Substitution =
  | { readonly ok: true; readonly text: string; readonly substituted: boolean }
  | { readonly ok: false; readonly rule: string };

/** In this order: the escape, a reference, and a `${` that is neither. */
const reference = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{/g;

/**
 * Replaces `${VAR}` and `${VAR:-default}`; `$${` stands for a literal `${`. As in a shell, the default also stands in for
 * an empty variable, and what was put in is not looked at again.
 */
export function substitute(text: string, environment: Environment): Substitution {
  const faults: string[] = [];
  let substituted = false;
  const result = text.replace(reference, (match, name?: string, fallback?: string) => {
    if (match === "$${") return "${";
    if (name === undefined) {
      faults.push(
        "holds a ${ that names no variable: write ${NAME}, or $${ for the two characters themselves",
      );
      return match;
    }
    substituted = true;
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
    if (fallback !== undefined) return value === undefined || value === "" ? fallback : value;
    if (value === undefined) faults.push(`needs the environment variable ${name}, which is not set`);
    return value ?? match;
  });
  const [rule] = faults;
  return rule === undefined
    ? { ok: true, text: result, substituted }
    : { ok: false, rule: [...new Set(faults)].join("; it ") };
}
