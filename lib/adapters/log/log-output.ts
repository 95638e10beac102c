import { write } from "node:fs";

/** The destination of a log's lines. */
export interface LogOutput {
  /** Never blocks and never throws. */
  write(text: string): void;
  /** Resolves once everything is written, or after `limitMs`. */
  drained(limitMs: number): Promise<void>;
}

export interface LogOutputOptions {
  readonly fd: number;
  /** Upper bound of the buffer while the reader does not read. */
  readonly maxBytes?: number;
  /** Called once writing works again, with the number of lines lost until then. */
  readonly onLost: (lines: number) => void;
}

/** Pause after EAGAIN: another process that shares the descriptor may have made it non-blocking. */
const RETRY_MS = 100;

/**
 * Writes outside the event loop, which would otherwise block on a slow reader: a pager, a paused terminal, a container
 * engine with a full disk. Lines that cannot be written (disk full, reader closed) are dropped and counted.
 */
export function openLogOutput({ fd, maxBytes = 1024 * 1024, onLost }: LogOutputOptions): LogOutput {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let writing = false;
  let lost = 0;
  /** The last line was written only in part. */
  let torn = false;
  let onDrained: (() => void)[] = [];

  const next = (): void => {
    if (waiting.length === 0) {
      writing = false;
      for (const resolve of onDrained) resolve();
      onDrained = [];
      return;
    }
    writing = true;
    const bytes = Buffer.concat(torn ? [Buffer.from("\n"), ...waiting] : waiting);
    waiting = [];
    waitingBytes = 0;
    send(bytes);
  };

  const send = (bytes: Buffer): void =>
    write(fd, bytes, (error, written) => {
      if (error?.code === "EAGAIN") {
        setTimeout(() => send(bytes), RETRY_MS);
      } else if (error !== null && error !== undefined) {
        lost += linesIn(bytes);
        next();
      } else if (written < bytes.length) {
        torn = bytes[written - 1] !== LINE_FEED;
        send(bytes.subarray(written));
      } else {
        torn = false;
        if (lost > 0) onLost(lost);
        lost = 0;
        next();
      }
    });

  return {
    write(text) {
      const bytes = Buffer.from(text);
      if (waitingBytes + bytes.length > maxBytes) {
        lost += linesIn(bytes);
        return;
      }
      waiting.push(bytes);
      waitingBytes += bytes.length;
      // At once: the line must appear even if the event loop blocks right after.
      if (!writing) next();
    },
    drained: (limitMs) =>
      new Promise((resolve) => {
        if (!writing) return resolve();
        onDrained.push(resolve);
        setTimeout(resolve, limitMs);
      }),
  };
}

const LINE_FEED = 0x0a;

function linesIn(bytes: Buffer): number {
  return bytes.reduce((lines, byte) => (byte === LINE_FEED ? lines + 1 : lines), 0);
}
