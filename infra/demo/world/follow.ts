import { open } from "node:fs/promises";
import { errorCode } from "../../stack/process/error-code.ts";
import { pause } from "../../stack/process/wait-for.ts";

export interface FollowOptions {
  /** Ends the generator without an error. */
  readonly signal: AbortSignal;
  /** The pause before looking for new bytes. */
  readonly pollMs?: number;
  /** Bytes per read, and so the largest batch, unless a single line is longer. */
  readonly chunkBytes?: number;
}

/**
 * Yields the lines of a growing file in batches, from its start. The file may be missing at first. An incomplete line waits for its
 * line feed. A file that became shorter is read from its start again. A batch is read only after the previous one was taken, so
 * that a slow reader costs no memory.
 */
export async function* followLines(path: string, options: FollowOptions): AsyncGenerator<string[], void> {
  const { signal, pollMs = 100, chunkBytes = 128 * 1024 } = options;
  const buffer = new Uint8Array(chunkBytes);
  const lines = createLineSplitter();
  let position = 0;
  while (!signal.aborted) {
    const { size, bytes } = await readAt(path, position, buffer);
    if (size < position) {
      position = 0;
      lines.reset();
      continue;
    }
    position += bytes.byteLength;
    const complete = lines.push(bytes);
    if (complete.length > 0) yield complete;
    if (bytes.byteLength === 0 && !(await rest(pollMs, signal))) return;
  }
}

async function readAt(
  path: string,
  position: number,
  buffer: Uint8Array,
): Promise<{ size: number; bytes: Uint8Array }> {
  try {
    await using file = await open(path, "r");
    const { size } = await file.stat();
    const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, position);
    return { size, bytes: buffer.subarray(0, bytesRead) };
  } catch (error) {
    if (errorCode(error) === "ENOENT") return { size: 0, bytes: buffer.subarray(0, 0) };
    throw error;
  }
}

/** @returns false if the signal came first */
async function rest(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await pause(ms, signal);
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

/** Turns pieces of a file, cut anywhere, into lines without line ends. */
export interface LineSplitter {
  /** Returns the lines completed by these bytes, which may be reused afterwards. */
  push(bytes: Uint8Array): string[];
  /** Forgets an incomplete line. */
  reset(): void;
}

export function createLineSplitter(): LineSplitter {
  const lineFeed = 0x0a;
  let rest: Uint8Array[] = [];
  return {
    push(bytes) {
      const lines: string[] = [];
      let from = 0;
      for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, from)) {
        // Decoded as a whole, because a piece may end inside a character.
        const line = Buffer.concat([...rest, bytes.subarray(from, end)]).toString("utf8");
        lines.push(line.endsWith("\r") ? line.slice(0, -1) : line);
        rest = [];
        from = end + 1;
      }
      if (from < bytes.byteLength) rest.push(bytes.slice(from));
      return lines;
    },
    reset() {
      rest = [];
    },
  };
}
