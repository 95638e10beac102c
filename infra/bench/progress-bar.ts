/** How far something long is. On a terminal one line that is drawn anew, else a line for each new text. */
export interface ProgressBar extends Disposable {
  /** @param done in [0, 1] */
  show(text: string, done: number): void;
  end(): void;
}

export interface BarOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const CELLS = 24;

export function createProgressBar(output: BarOutput): ProgressBar {
  let last = "";
  const end = (): void => {
    if (output.isTTY && last !== "") output.write("\r\u001b[2K");
    last = "";
  };
  return {
    show(text, done) {
      const filled = Math.round(Math.min(1, Math.max(0, done)) * CELLS);
      const line = `${"█".repeat(filled)}${"░".repeat(CELLS - filled)} ${Math.round(done * 100)} %  ${text}`;
      if (output.isTTY && line !== last) output.write(`\r\u001b[2K${line}`);
      else if (!output.isTTY && text !== last) output.write(`${text}\n`);
      last = output.isTTY ? line : text;
    },
    end,
    [Symbol.dispose]: end,
  };
}
