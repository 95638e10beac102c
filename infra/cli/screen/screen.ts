import type { TerminalOutput } from "../kit/terminal.ts";

/** The used part of `process.stdin` on a terminal. */
export interface TerminalInput {
  setRawMode(raw: boolean): unknown;
  on(event: "data", listen: (bytes: Buffer) => void): unknown;
  off(event: "data", listen: (bytes: Buffer) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

/** The used part of `process`. */
export interface TerminalProcess {
  readonly pid: number;
  on(event: "exit" | "SIGCONT", listen: () => void): unknown;
  off(event: "exit" | "SIGCONT", listen: () => void): unknown;
  kill(pid: number, signal: "SIGSTOP"): unknown;
}

export interface ScreenOutput extends TerminalOutput {
  readonly rows?: number;
  on(event: "resize", listen: () => void): unknown;
  off(event: "resize", listen: () => void): unknown;
}

/** The whole terminal, until it is disposed. */
export interface Screen extends Disposable {
  readonly size: { readonly columns: number; readonly rows: number };
  /** Replaces what is shown; lines must fit. */
  draw(lines: readonly string[]): void;
}

export interface ScreenEvents {
  /** A key as the terminal sends it, such as `q`, `\r` or `\x1b[A`. Ctrl-C is one too. */
  onKey(key: string): void;
  /** Draw again: the size changed, or the terminal is ours again. */
  onRedraw(): void;
}

const ENTER = "\u001B[?1049h\u001B[?25l";
const LEAVE = "\u001B[?25h\u001B[?1049l";
const HOME = "\u001B[H";
const CLEAR_REST_OF_LINE = "\u001B[K";
const CLEAR_BELOW = "\u001B[J";
const CTRL_Z = "\u001A";
/** An escape sequence, or one character. Several keys may come at once. */
const KEYS = new RegExp(String.raw`\u001B(?:\[[\d;]*[A-Za-z~]|O[A-Z])|[\s\S]`, "gu");

/**
 * Takes over the terminal: its other screen, without a cursor, each key at once. It is given back on disposal, whenever
 * the process exits, and while Ctrl-Z has stopped it.
 */
export function openScreen(
  input: TerminalInput,
  output: ScreenOutput,
  process: TerminalProcess,
  events: ScreenEvents,
): Screen {
  let isOurs = false;
  const enter = (): void => {
    isOurs = true;
    input.setRawMode(true);
    output.write(ENTER);
  };
  const leave = (): void => {
    if (!isOurs) return;
    isOurs = false;
    input.setRawMode(false);
    output.write(LEAVE);
  };
  const onData = (bytes: Buffer): void => {
    for (const [key] of bytes.toString("utf8").matchAll(KEYS)) {
      if (key !== CTRL_Z) events.onKey(key);
      else {
        leave();
        process.kill(process.pid, "SIGSTOP");
      }
    }
  };
  const onRedraw = (): void => events.onRedraw();
  const onContinued = (): void => {
    enter();
    onRedraw();
  };
  enter();
  input.on("data", onData);
  input.resume();
  output.on("resize", onRedraw);
  process.on("SIGCONT", onContinued);
  process.on("exit", leave);
  return {
    get size() {
      return { columns: output.columns || 80, rows: output.rows || 24 };
    },
    draw(lines) {
      if (!isOurs) return;
      const text = lines.map((line) => line + CLEAR_REST_OF_LINE).join("\r\n");
      output.write(`${HOME}${text}${CLEAR_BELOW}`);
    },
    [Symbol.dispose]() {
      leave();
      input.off("data", onData);
      input.pause();
      output.off("resize", onRedraw);
      process.off("SIGCONT", onContinued);
      process.off("exit", leave);
    },
  };
}
