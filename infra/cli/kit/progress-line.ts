import { visibleText } from "../../../lib/rules/base/visible-text.ts";
import type { TerminalOutput } from "./terminal.ts";

/** For example `process.stderr`. */
export type ProgressOutput = TerminalOutput;

/** One line on a terminal that is rewritten in place; nothing elsewhere. */
export interface LiveLine extends Disposable {
  show(text: string): void;
  /** Removes the line, or keeps it and starts a new one. Must be called before anything else is written. */
  end(keep?: boolean): void;
}

/** A live line with a bar. */
export interface ProgressLine {
  show(done: number, total: number): void;
  /** Removes the line. */
  end(): void;
}

const MAX_BAR_WIDTH = 30;
const CLEAR_LINE = "\r\u001B[2K";

export function createLiveLine(output: ProgressOutput): LiveLine {
  let shown: string | null = null;
  const end = (keep = false): void => {
    if (shown !== null) output.write(keep ? "\n" : CLEAR_LINE);
    shown = null;
  };
  return {
    show(text) {
      if (output.isTTY !== true) return;
      // A terminal wraps a line that fills it, and the next one could not overwrite it.
      const line = visibleText(text).slice(0, widthOf(output) - 1);
      if (line === shown) return;
      shown = line;
      output.write(`${CLEAR_LINE}${line}`);
    },
    end,
    [Symbol.dispose]: () => end(),
  };
}

/** @param label stands before the bar */
export function createProgressLine(output: ProgressOutput, label: string): ProgressLine {
  const line = createLiveLine(output);
  return {
    show: (done, total) => line.show(progressText(label, done, total, widthOf(output))),
    end: () => line.end(),
  };
}

/** `label [#####-----]  50 %  500 of 1,000`, no wider than the terminal. */
export function progressText(label: string, done: number, total: number, columns: number): string {
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const percent = `${Math.floor(share * 100)} %`.padStart(5);
  const numbers = `${done.toLocaleString("en-US")} of ${total.toLocaleString("en-US")}`;
  const room = columns - label.length - percent.length - numbers.length - 7;
  const width = Math.min(MAX_BAR_WIDTH, room);
  if (width < 5) return `${label} ${percent}`.slice(0, Math.max(0, columns - 1));
  return `${label} ${barText(share, width)} ${percent}  ${numbers}`;
}

/** @param share in [0, 1] */
export function barText(share: number, width: number): string {
  const filled = Math.floor(width * Math.min(1, Math.max(0, share)));
  return `[${"#".repeat(filled)}${"-".repeat(width - filled)}]`;
}

function widthOf({ columns }: ProgressOutput): number {
  return columns || 80;
}
