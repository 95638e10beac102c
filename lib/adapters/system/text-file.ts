import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync, statSync, type Stats } from "node:fs";

export interface TextFile {
  readonly text: string;
  /** SHA-256 of the bytes, in hexadecimal. */
  readonly hash: string;
}

const maxBytes = 1024 * 1024;
const pieceBytes = 16 * 1024;

/**
 * Reads a file as text, symbolic links followed.
 * @throws Error with a system-style `code`: absent (ENOENT), not readable (EACCES), a folder (EISDIR), otherwise not a
 *   regular file (EINVAL), over 1 MiB (EFBIG) or not UTF-8 (EILSEQ)
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

/** Reads regular files only: a named pipe would wait forever for a writer, and a device has no end. */
function readBounded(path: string): Buffer {
  refuseOther(statSync(path));
  // O_NONBLOCK in case it has become a pipe since.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(file);
    refuseOther(stat);
    if (stat.size > maxBytes) throw coded("EFBIG", `it is larger than 1 MiB (${stat.size} bytes)`);
    // We do not trust the size: the file may grow, and files in /proc report 0. Pieces are small because watched files
    // are small and read every 2 s.
    const pieces: Buffer[] = [];
    let length = 0;
    for (let read = -1; read !== 0;) {
      const piece = Buffer.allocUnsafe(pieceBytes);
      read = readSync(file, piece);
      length += read;
      if (length > maxBytes) throw coded("EFBIG", "it is larger than 1 MiB");
      pieces.push(piece.subarray(0, read));
    }
    return Buffer.concat(pieces, length);
  } finally {
    closeSync(file);
  }
}

function refuseOther(stat: Stats): void {
  if (stat.isDirectory()) throw coded("EISDIR", "it is a folder, not a regular file");
  if (!stat.isFile()) throw coded("EINVAL", "it is not a regular file");
}

function coded(code: string, message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { code });
}
