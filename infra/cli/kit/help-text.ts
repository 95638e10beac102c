/** What people type in front of a command's name: what this process was started as. */
export const PROGRAM = Bun.main.endsWith("/infra/penstock/main.ts") ? "penstock" : "bun run";

/** An option or command, and its explanation, which is wrapped and may contain line breaks. */
export type HelpRow = readonly [name: string, about: string];

export interface Help {
  /** Follows {@link PROGRAM}. */
  readonly synopsis: string;
  /** Wrapped. An empty line begins a new paragraph. */
  readonly about: string;
  readonly sections?: readonly { readonly title: string; readonly rows: readonly HelpRow[] }[];
  readonly options: readonly HelpRow[];
  /** Replaces the usual ones. */
  readonly exitCodes?: string;
}

export const CONFIG_ROW: HelpRow = ["--config FILE", "default: PENSTOCK_CONFIG, else config.yaml"];
export const JSON_ROW: HelpRow = ["--json", "machine-readable output"];
const HELP_ROW: HelpRow = ["--help", "show this help"];

const EXIT_CODES = "0 done, 1 failed, 2 wrong usage, 78 bad config, 128 + signal if ended by one";
const LEAST_WIDTH = 22;
const MOST_COLUMNS = 120;

/** Returns the `--help` of a command. Errors in its usage repeat the first line. */
export function helpText({ synopsis, about, sections = [], options, exitCodes = EXIT_CODES }: Help): string {
  const all = [...sections, { title: "Options", rows: [...options, HELP_ROW] }];
  const width = Math.max(LEAST_WIDTH, ...all.flatMap(({ rows }) => rows.map(([name]) => name.length)));
  return [
    `Usage: ${PROGRAM} ${synopsis}`,
    "",
    about.split("\n\n").map(paragraph).join("\n\n"),
    ...all.map(({ title, rows }) => `\n${title}\n${rows.map((row) => rowText(row, width)).join("\n")}`),
    "",
    paragraph(`Exit codes: ${exitCodes}.`),
    "",
  ].join("\n");
}

function paragraph(text: string): string {
  return wrapped(text.replaceAll("\n", " "), MOST_COLUMNS).join("\n");
}

function rowText([name, about]: HelpRow, width: number): string {
  const indent = width + 4;
  const [first = "", ...rest] = about.split("\n").flatMap((line) => wrapped(line, MOST_COLUMNS - indent));
  return [`  ${name.padEnd(width)}  ${first}`, ...rest.map((line) => " ".repeat(indent) + line)].join("\n");
}

/** Breaks between words; a longer word stays whole. */
function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > columns) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
