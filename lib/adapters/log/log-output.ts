import { write } from "node:fs";

/** Where the lines of a log go. */
export interface LogOutput {
  /** Never waits and never fails. */
  write(text: string): void;
  /** Resolves once everything is written, or after `limitMs`. */
  drained(limitMs: number): Promise<void>;
}

export interface LogOutputOptions {
  readonly fd: number;
  /** What may wait for a reader that does not take it. */
  readonly maxBytes?: number;
  /** Lines can be written again, and so many before were not. */
  readonly onLost: (lines: number) => void;
}

/** Until a descriptor that is full, and was made not to block by whoever shares it, is tried again. */
const RETRY_MS = 100;

/**
 * Writes outside of the event loop, which would stand still with a reader that does not read: a paged log, a terminal that is
 * paused, an engine whose disk is full. What cannot be written, as the disk is full or nobody is left to read it, is
 * counted and left out.
 */
export function openLogOutput({ fd, maxBytes = 1024 * 1024, onLost }: LogOutputOptions): LogOutput {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let writing = false;
  let lost = 0;
  /** The last line that was begun has no end. */
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
      // At once, so that what is said before the loop stands still is seen.
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
