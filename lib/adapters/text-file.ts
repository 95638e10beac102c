import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readFileSync, statSync } from "node:fs";

export interface TextFile {
  readonly text: string;
  /** SHA-256 of the bytes, in hexadecimal. */
  readonly hash: string;
}

const maxBytes = 1024 * 1024;

/**
 * Reads a file as text, symbolic links followed.
 * @throws Error with a `code`, as the system's have: it is absent (ENOENT), may not be read (EACCES), is a folder (EISDIR),
 *   another thing than a regular file (EINVAL), over 1 MiB (EFBIG) or not UTF-8 (EILSEQ)
 */
export function readTextFile(path: string): TextFile {
  const bytes = readBounded(path);
  const hash = createHash("sha256").update(bytes).digest("hex");
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), hash };
  } catch (error) {
    throw coded("EILSEQ", "it is not UTF-8", error);
  }
}

/** What is not a regular file is not opened: a named pipe would wait for its writer for ever. */
function readBounded(path: string): Buffer {
  const stat = statSync(path);
  if (stat.isDirectory()) throw coded("EISDIR", "it is not a regular file but a folder");
  if (!stat.isFile()) throw coded("EINVAL", "it is not a regular file");
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    if (size > maxBytes) throw coded("EFBIG", `it is larger than 1 MiB (${size} bytes)`);
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

function coded(code: string, message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { code });
}
