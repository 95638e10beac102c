/**
 * Characters that control a terminal, reverse the order of text or are invisible: C0 and C1 controls, Unicode's format
 * characters (CVE-2021-42574), also those it reserves among them (U+2065), and its line and paragraph separators.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u2065]/gu;

/** Shows foreign text on one line, with each such character as its code, `\u202e`. JSON text keeps its meaning. */
export function visibleText(text: string): string {
  return text.replace(UNSEEN, codesOf);
}

/** Like `visibleText`, but keeps line feeds: the caller put them there. */
export function visibleLines(text: string): string {
  return text.replace(UNSEEN, (character) => (character === "\n" ? character : codesOf(character)));
}

/** Replaces each run of such characters and white space by one space: for text to read, not to inspect. */
export function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}\p{Cf}\u2065]+/gu, " ").trim();
}

function codesOf(character: string): string {
  return [...Array(character.length).keys()]
    .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`)
    .join("");
}

/** A caller's own text in quotes, visible and short enough to be shown back. */
export function quoted(text: string): string {
  return visibleText(JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text));
}
