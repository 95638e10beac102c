/** Where progress goes, e.g. `process.stderr`. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** One line on a terminal that is written over and over; nothing at all elsewhere. */
export interface ProgressLine {
  show(done: number, total: number): void;
  /** Takes the line away. To be called before anything else is written. */
  end(): void;
}

const MAX_BAR_WIDTH = 30;
const CLEAR_LINE = "\r\u001B[2K";

/** @param label what is counted, before the bar */
export function createProgressLine(output: ProgressOutput, label: string): ProgressLine {
  let shown: string | null = null;
  return {
    show(done, total) {
      if (output.isTTY !== true) return;
      // A terminal that does not know its size says 0.
      const line = progressText(label, done, total, output.columns || 80);
      if (line === shown) return;
      shown = line;
      output.write(`${CLEAR_LINE}${line}`);
    },
    end() {
      if (shown !== null) output.write(CLEAR_LINE);
      shown = null;
    },
  };
}

/** `label [#####-----]  50 %  500 of 1,000`, no wider than the terminal. */
export function progressText(label: string, done: number, total: number, columns: number): string {
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const percent = `${Math.floor(share * 100)} %`.padStart(5);
  const numbers = `${done.toLocaleString("en-US")} of ${total.toLocaleString("en-US")}`;
  const room = columns - label.length - percent.length - numbers.length - 7;
  const width = Math.min(MAX_BAR_WIDTH, room);
  // A terminal wraps a line that fills it, and the next one would not be written over it.
  if (width < 5) return `${label} ${percent}`.slice(0, Math.max(0, columns - 1));
  const filled = Math.floor(width * share);
  return `${label} [${"#".repeat(filled)}${"-".repeat(width - filled)}] ${percent}  ${numbers}`;
}
