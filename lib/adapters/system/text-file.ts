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

/** What is not a regular file is not read: a named pipe would wait for its writer for ever, and a device has no end. */
function readBounded(path: string): Buffer {
  refuseOther(statSync(path));
  // Should it have become a pipe since, opening it does not wait.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(file);
    refuseOther(stat);
    if (stat.size > maxBytes) throw coded("EFBIG", `it is larger than 1 MiB (${stat.size} bytes)`);
    // The size is not asked twice: it may grow, and what /proc holds has none. Piece by piece, for watched files are small
    // and read every 2 s.
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
  if (stat.isDirectory()) throw coded("EISDIR", "it is not a regular file but a folder");
  if (!stat.isFile()) throw coded("EINVAL", "it is not a regular file");
}

function coded(code: string, message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { code });
}
