import { visibleLines } from "../../../lib/rules/base/visible-text.ts";

/** A stream, as far as it matters here, e.g. `process.stderr`. */
export interface TerminalOutput {
  readonly isTTY?: boolean;
  /** Its width; a terminal that does not know it says 0. */
  readonly columns?: number;
  write(text: string): unknown;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether lines can be written over. */
export function isLive({ isTTY }: Pick<TerminalOutput, "isTTY">, environment: Environment): boolean {
  return isTTY === true && environment["TERM"] !== "dumb";
}

/** Whether it may be coloured: on a terminal, unless NO_COLOR is set to anything (no-color.org). */
export function hasColours(output: Pick<TerminalOutput, "isTTY">, environment: Environment): boolean {
  return isLive(output, environment) && !environment["NO_COLOR"];
}

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 };
export type Colour = keyof typeof codes;

export type Paint = (colour: Colour, text: string) => string;

/** Paints where colours are wanted, else leaves the text as it is. */
export function createPaint(coloured: boolean): Paint {
  return (colour, text) => (coloured ? `\u001B[${codes[colour]}m${text}\u001B[0m` : text);
}

/** To standard output. Whatever came into the text from others, nothing of it acts on the terminal. */
export function printOut(text: string): void {
  process.stdout.write(visibleLines(text));
}

/** To standard error, likewise. */
export function printError(text: string): void {
  process.stderr.write(visibleLines(text));
}
