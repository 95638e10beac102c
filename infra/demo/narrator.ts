import { oneLine, visibleText } from "../../lib/rules/base/visible-text.ts";
import { createPaint } from "../cli/kit/terminal.ts";

/** For example `process.stdout`. */
export interface NarratorOutput {
  /** The width of a terminal. */
  readonly columns?: number;
  write(text: string): unknown;
}

export interface NarratorOptions {
  readonly colour: boolean;
  /** Whether lines can be overwritten, as on a terminal. */
  readonly live: boolean;
  /** A clock in milliseconds. */
  readonly now: () => number;
  /** Called with every permanent line, without colours. */
  readonly onLine?: (line: string) => void;
}

/** Prints a line or two for each step. The caller disposes it. */
export interface Narrator extends Disposable {
  title(text: string): void;
  passed(text: string, ...details: string[]): void;
  failed(text: string, ...details: string[]): void;
  /** A neutral line, with details. */
  note(text: string, ...details: string[]): void;
  /** Indented lines without a mark. */
  lines(lines: readonly string[]): void;
  /**
   * On a terminal, shows a line with the seconds waited so far, until the next output; elsewhere nothing. A further call changes
   * the text, and the seconds go on.
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
    // A wrapped line could not be cleared.
    const text = line.slice(0, (output.columns ?? 80) - 1);
    output.write(clearLine + paint("dim", text));
  }

  function endWaiting(): void {
    if (waiting === null) return;
    clearInterval(waiting.ticking);
    waiting = null;
    output.write(clearLine);
  }

  /** @param plain adds marks and indentation @param painted the same in colours */
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
 * Returns log text as one line that is safe on a terminal. A text longer than `maxLength` is cut so that the word is in the
 * middle.
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
