import { barText, createLiveLine, type ProgressOutput } from "../../cli/kit/progress-line.ts";

/** Progress of a long task: on a terminal one line that is redrawn, elsewhere a line for each new text. */
export interface ProgressBar extends Disposable {
  /** @param done in [0, 1] */
  show(text: string, done: number): void;
  end(): void;
}

const CELLS = 24;

export function createProgressBar(output: ProgressOutput): ProgressBar {
  const line = createLiveLine(output);
  let last = "";
  const end = (): void => {
    line.end();
    last = "";
  };
  return {
    show(text, done) {
      line.show(`${barText(done, CELLS)} ${Math.round(done * 100)} %  ${text}`);
      if (!output.isTTY && text !== last) output.write(`${text}\n`);
      last = text;
    },
    end,
    [Symbol.dispose]: end,
  };
}
