import { oneLine, visibleText } from "../../lib/rules/base/visible-text.ts";
import { createPaint } from "../cli/kit/terminal.ts";

/** Where the display goes, e.g. `process.stdout`. */
export interface NarratorOutput {
  /** Of a terminal: its width. */
  readonly columns?: number;
  write(text: string): unknown;
}

export interface NarratorOptions {
  readonly colour: boolean;
  /** Whether a line can be written over: a terminal. */
  readonly live: boolean;
  /** Milliseconds from any start. */
  readonly now: () => number;
  /** Gets every line that stays, without colours. */
  readonly onLine?: (line: string) => void;
}

/** Tells what happens, a line or two for each step. Whoever creates it closes it. */
export interface Narrator extends Disposable {
  title(text: string): void;
  passed(text: string, ...details: string[]): void;
  failed(text: string, ...details: string[]): void;
  /** Something that is neither good nor bad, with the lines that follow it. */
  note(text: string, ...details: string[]): void;
  /** Written as it is, set in. */
  lines(lines: readonly string[]): void;
  /**
   * What is waited for: on a terminal a line with the seconds so far, until something else is told; elsewhere nothing. Called
   * again, it changes the text and not the seconds.
   */
  waiting(text: string): void;
}

const clearLine = "\r\x1b[2K";

export function createNarrator(output: NarratorOutput, options: NarratorOptions): Narrator {
  const { colour, live, now, onLine } = options;
  let waiting: { text: string; readonly sinceMs: number; readonly ticking: NodeJS.Timeout } | null = null;

  const paint = createPaint(colour);

  function draw(): void {
    if (waiting === null) return;
    const seconds = Math.floor((now() - waiting.sinceMs) / 1000);
    const told = visibleText(waiting.text);
    const line = seconds > 0 ? `  · ${told} · ${seconds} s` : `  · ${told}`;
    // A line that wraps could not be cleared.
    const text = line.slice(0, (output.columns ?? 80) - 1);
    output.write(clearLine + paint("dim", text));
  }

  function endWaiting(): void {
    if (waiting === null) return;
    clearInterval(waiting.ticking);
    waiting = null;
    output.write(clearLine);
  }

  /** @param painted what is ours around the text, in colours */
  function line(text: string, plain = (told: string) => told, painted = plain): void {
    endWaiting();
    const told = visibleText(text);
    output.write(`${painted(told)}\n`);
    onLine?.(plain(told));
  }

  function step(
    mark: string,
    paintMark: (mark: string) => string,
    text: string,
    details: readonly string[],
  ): void {
    line(
      text,
      (told) => `  ${mark} ${told}`,
      (told) => `  ${paintMark(mark)} ${told}`,
    );
    const detailed = (told: string) => `    ${told}`;
    for (const detail of details) line(detail, detailed, (told) => paint("dim", detailed(told)));
  }

  return {
    title: (text) => line(text, undefined, (told) => paint("bold", told)),
    passed: (text, ...details) => step("✓", (mark) => paint("green", mark), text, details),
    failed: (text, ...details) => step("✗", (mark) => paint("red", mark), text, details),
    note: (text, ...details) => step("·", (mark) => paint("dim", mark), text, details),
    lines(lines) {
      for (const text of lines) line(text === "" ? "" : `    ${text}`);
    },
    waiting(text) {
      if (!live) return;
      waiting ??= { text, sinceMs: now(), ticking: setInterval(draw, 1000) };
      waiting.text = text;
      draw();
    },
    [Symbol.dispose]: endWaiting,
  };
}

/**
 * Log text as one line that a terminal can be given: control and direction characters become spaces, runs of them one. Where it is longer than
 * `maxLength`, the piece of it that has the word in its middle.
 */
export function excerpt(text: string, word: string, maxLength: number): string {
  const plain = oneLine(text);
  if (plain.length <= maxLength) return plain;
  const room = maxLength - 2;
  const middle = plain.toLowerCase().indexOf(word.toLowerCase()) + word.length / 2;
  const from = Math.min(Math.max(0, Math.round(middle - room / 2)), plain.length - room);
  const to = from + room;
  return `${from > 0 ? "…" : ""}${plain.slice(from, to)}${to < plain.length ? "…" : ""}`;
}
