import { visibleLines } from "../../../lib/rules/base/visible-text.ts";

/** The used part of a stream such as `process.stderr`. */
export interface TerminalOutput {
  readonly isTTY?: boolean;
  /** The width; 0 if the terminal does not know it. */
  readonly columns?: number;
  write(text: string): unknown;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether lines can be overwritten. */
export function isLive({ isTTY }: Pick<TerminalOutput, "isTTY">, environment: Environment): boolean {
  return isTTY === true && environment["TERM"] !== "dumb";
}

/** Whether to use colours: on a terminal, unless NO_COLOR is set (no-color.org). */
export function hasColours(output: Pick<TerminalOutput, "isTTY">, environment: Environment): boolean {
  return isLive(output, environment) && !environment["NO_COLOR"];
}

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 };
export type Colour = keyof typeof codes;

export type Paint = (colour: Colour, text: string) => string;

export function createPaint(coloured: boolean): Paint {
  return (colour, text) => (coloured ? `\u001B[${codes[colour]}m${text}\u001B[0m` : text);
}

/** Writes to standard output. Control characters from other programs cannot act on the terminal. */
export function printOut(text: string): void {
  process.stdout.write(visibleLines(text));
}

/** Writes to standard error, in the same way. */
export function printError(text: string): void {
  process.stderr.write(visibleLines(text));
}
