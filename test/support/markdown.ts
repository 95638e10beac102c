import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The top folder of the repository. */
export const top: string = join(import.meta.dir, "../..");

/** A file of the repository, by its path from the top. */
export const readTop = (path: string): string => readFileSync(join(top, path), "utf8");

/** The text without fenced code, which has neither headings nor links. */
const proseOf = (markdown: string): string => markdown.replaceAll(/^( *)```[\s\S]*?^\1```$/gm, "");

/** The cells of the first table under a heading, without its two head rows. */
export function tableUnder(markdown: string, heading: string): string[][] {
  const [, section] = `\n${markdown}`.split(`\n${heading}\n`);
  if (section === undefined) throw new Error(`no heading ${heading}`);
  const lines = section.split("\n");
  const rows = lines.slice(lines.findIndex((line) => line.startsWith("|")));
  const end = rows.findIndex((line) => !line.startsWith("|"));
  return rows.slice(2, end).map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** The code spans of a cell. */
export const codeIn = (cell: string | undefined): string[] =>
  [...(cell ?? "").matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text);

/** The targets of all links and images. */
export const linksIn = (markdown: string): string[] =>
  [...proseOf(markdown).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);

/** The anchors that GitHub gives a document's headings. */
export function anchorsIn(markdown: string): Set<string> {
  const seen = new Map<string, number>();
  const titles = [...proseOf(markdown).matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) => title);
  const anchors = titles.map((title) => {
    const text = title.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const anchor = text.replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-");
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
  return new Set(anchors);
}
