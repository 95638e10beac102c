import { visibleText } from "../../../lib/rules/base/visible-text.ts";

const graphemes = new Intl.Segmenter();

/** How many columns of a terminal a text takes; Chinese characters and emoji take two. */
export function widthOf(text: string): number {
  return Bun.stringWidth(text);
}

/** Others' text on one line, no wider than this; `…` stands for what was cut off. */
export function cutTo(text: string, columns: number): string {
  const told = visibleText(text);
  if (widthOf(told) <= columns) return told;
  let kept = "";
  let width = 1;
  for (const { segment } of graphemes.segment(told)) {
    width += widthOf(segment);
    if (width > columns) break;
    kept += segment;
  }
  return columns < 1 ? "" : `${kept}…`;
}

/** The same, exactly this wide: filled up behind it, or before it if it is a figure. */
export function fitted(text: string, columns: number, side: "left" | "right" = "left"): string {
  const told = cutTo(text, columns);
  const fill = " ".repeat(Math.max(0, columns - widthOf(told)));
  return side === "left" ? told + fill : fill + told;
}
