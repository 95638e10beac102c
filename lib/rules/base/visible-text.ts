/**
 * What acts on a terminal, turns the order of text around, or is not seen: C0 and C1 controls, Unicode's format characters
 * (CVE-2021-42574) and its own line separators.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Text that is not ours, on one line, each such character as its code, `\u202e`: inside a JSON text it means the same still. */
export function visibleText(text: string): string {
  return text.replace(UNSEEN, codesOf);
}

/** The same of several lines: line feeds stay, as what prints the text put them there. */
export function visibleLines(text: string): string {
  return text.replace(UNSEEN, (character) => (character === "\n" ? character : codesOf(character)));
}

/** The same, each run of them and of white space as one space: for text to be read, not to be found out about. */
export function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}\p{Cf}]+/gu, " ").trim();
}

function codesOf(character: string): string {
  return [...Array(character.length).keys()]
    .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`)
    .join("");
}
