export type Environment = Readonly<Record<string, string | undefined>>;

/** The sources of the text that replaces references. */
export interface SubstitutionSources {
  readonly environment: Environment;
  /** Reads a file's text; may throw anything. */
  readonly readFile: (path: string) => string;
}

export type Substitution =
  | { readonly ok: true; readonly text: string; readonly substituted: boolean }
  | { readonly ok: false; readonly rule: string };

/** In this order: the escape, a variable, a file, and any other `${`. */
const reference = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{file:([^}]*)\}|\$\{/g;
/** For text without a closing brace, which cannot contain a complete reference. */
const opened = /\$\$\{|\$\{/g;

/** Enough for a password or a token, but not for a document. */
const maxFileBytes = 64 * 1024;
/** Limits the inserted text of one config file: naming a file ten thousand times must not fill the memory. */
export const maxPutInLength = 1024 * 1024;

const tooLongRule = "exceeds the limit of 1 MiB for the text of all variables and files";
const malformedRule =
  "contains a ${ that names no variable or file: write ${NAME} or ${file:/path}, or $${ for a literal ${";

/**
 * Replaces `${VAR}`, `${VAR:-default}` and `${file:/path}`; `$${` means a literal `${`. As in a shell, the default also
 * replaces an empty variable, and inserted text is not searched for references.
 *
 * A file's text is inserted without its last line break (LF or CR LF), which editors and `echo` add. A file has no default:
 * in `${file:-x}`, `file` is a variable.
 * @param room limit of the inserted text, in UTF-16 units
 */
export function substitute(
  text: string,
  { environment, readFile }: SubstitutionSources,
  room = maxPutInLength,
): Substitution {
  const faults: string[] = [];
  let substituted = false;
  let putInLength = 0;
  // No reference ends after the last brace, and searching for an end from each `${` there would take quadratic time.
  const closed = text.lastIndexOf("}") + 1;
  const result =
    text.slice(0, closed).replace(reference, replaced) + text.slice(closed).replace(opened, replaced);
  const [rule] = faults;
  return rule === undefined
    ? { ok: true, text: result, substituted }
    : { ok: false, rule: [...new Set(faults)].join("; it ") };

  function replaced(match: string, ...[name, fallback, path]: unknown[]): string {
    if (match === "$${") return "${";
    if (typeof path === "string") {
      const read = contentOf(path, readFile);
      if ("rule" in read) faults.push(read.rule);
      return "rule" in read ? match : putIn(read.text);
    }
    if (typeof name !== "string") {
      faults.push(malformedRule);
      return match;
    }
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
    if (typeof fallback === "string") return putIn(value === undefined || value === "" ? fallback : value);
    if (value === undefined) faults.push(`needs the environment variable ${name}, which is not set`);
    return value === undefined ? match : putIn(value);
  }

  function putIn(value: string): string {
    substituted = true;
    putInLength += value.length;
    if (putInLength <= room) return value;
    faults.push(tooLongRule);
    return "";
  }
}

/** A file's text, or why it is unusable: the reason contains the file's path, never its content. */
function contentOf(
  path: string,
  readFile: (path: string) => string,
): { readonly text: string } | { readonly rule: string } {
  if (path.trim() === "") return { rule: "names no file: write ${file:/path}" };
  if (path.includes("${") || path.includes(":-")) {
    return {
      rule: `names the file ${path}, but a path in \${file:…} can neither contain a variable nor have a default`,
    };
  }
  const needs = (why: string) => ({ rule: `needs the file ${path}, which ${why}` });
  let content: string;
  try {
    content = readFile(path);
  } catch (error) {
    return needs(`cannot be read (${codeOf(error)})`);
  }
  const bytes = Buffer.byteLength(content);
  if (bytes > maxFileBytes) return needs(`is larger than 64 KiB (${bytes} bytes)`);
  if (content.includes("\0")) return needs("is binary (it contains a NUL byte)");
  if (content === "") return needs("is empty");
  if (content.trim() === "") return needs("contains only white space");
  return { text: content.replace(/\r?\n$/, "") };
}

/** The printable part of an error from reading a file, whose message may repeat a secret. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown error";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
