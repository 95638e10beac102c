export type Environment = Readonly<Record<string, string | undefined>>;

/** Where the text comes from that references stand for. */
export interface SubstitutionSources {
  readonly environment: Environment;
  /** The text of a file; throws what it likes. */
  readonly readFile: (path: string) => string;
}

export type Substitution =
  | { readonly ok: true; readonly text: string; readonly substituted: boolean }
  | { readonly ok: false; readonly rule: string };

/** In this order: the escape, a variable, a file, and a `${` that is none of them. */
const reference = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{file:([^}]*)\}|\$\{/g;
/** The same where no reference can be. */
const opened = /\$\$\{|\$\{/g;

/** What a file may put into a string: a password or a token, not a document. */
const maxFileBytes = 64 * 1024;
/** Of what references put into one config file: a file that is named ten thousand times must not fill the memory. */
export const maxPutInLength = 1024 * 1024;

const tooLongRule = "goes beyond 1 MiB, all told, with the text of variables and files";
const malformedRule =
  "holds a ${ that names no variable and no file: write ${NAME} or ${file:/path}, or $${ for the two characters themselves";

/**
 * Replaces `${VAR}`, `${VAR:-default}` and `${file:/path}`; `$${` stands for a literal `${`. As in a shell, the default also
 * stands in for an empty variable, and what was put in is not looked at again.
 *
 * A file's text goes in without its last line break (LF or CR LF), which editors and `echo` add. There is no default for a
 * file: in `${file:-x}`, `file` is a variable.
 * @param room how much may be put in, in UTF-16 units
 */
export function substitute(
  text: string,
  { environment, readFile }: SubstitutionSources,
  room = maxPutInLength,
): Substitution {
  const faults: string[] = [];
  let substituted = false;
  let putInLength = 0;
  // Behind the last brace no reference can end, and looking for its end from each beginning would take the square of the time.
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

/** The text that a file stands for, or why there is none. Says where the file is, never what is in it. */
function contentOf(
  path: string,
  readFile: (path: string) => string,
): { readonly text: string } | { readonly rule: string } {
  if (path.trim() === "") return { rule: "names no file: write ${file:/path}" };
  if (path.includes("${") || path.includes(":-")) {
    return { rule: `names the file ${path}, but a path in \${file:…} holds no variable and has no default` };
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
  if (content.includes("\0")) return needs("is binary (it holds a NUL byte)");
  if (content === "") return needs("is empty");
  if (content.trim() === "") return needs("holds nothing but white space");
  return { text: content.replace(/\r?\n$/, "") };
}

/** What may be said of an error that reading a file threw: its message may repeat what nobody should see. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown error";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
