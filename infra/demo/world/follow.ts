import { open } from "node:fs/promises";
import { errorCode } from "../../stack/process/error-code.ts";
import { pause } from "../../stack/process/wait-for.ts";

export interface FollowOptions {
  /** Ends the following, without an error. */
  readonly signal: AbortSignal;
  /** How soon what was appended is seen. */
  readonly pollMs?: number;
  /** Read at once; what one batch of lines holds at most, unless a single line is longer. */
  readonly chunkBytes?: number;
}

/**
 * The lines of a file that grows, from its start, in batches; it may be missing at first. What stands behind the last line
 * feed waits for its own. A file that became shorter is read from its start again. Nothing is read before the last batch was
 * taken, so a slow taker holds the reading back, not the memory.
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

/** False: the signal came first. */
async function rest(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await pause(ms, signal);
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

/** Turns pieces of a file, cut anywhere, into its lines, without their ends. */
export interface LineSplitter {
  /** The lines that these bytes complete. The bytes may be reused afterwards. */
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
        // Decoded only as a whole: a piece may end within a character.
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
