/**
 * Characters that act instead of being visible: C0 and C1 controls, and Unicode's format characters, including
 * bidirectional controls (CVE-2021-42574) and zero-width characters; also lone surrogates.
 */
// eslint-disable-next-line eslint/no-control-regex -- this expression exists to find them
const unseen = /[\u0000-\u001f\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u2065]/gu;

/**
 * What joiners are written between: emoji, and letters of scripts that need them, such as Persian. Between other letters they
 * only make two words look the same.
 */
const joined = String.raw`[\p{Extended_Pictographic}\p{Emoji_Modifier}\u{fe0f}\u{1f1e6}-\u{1f1ff}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}]`;
const joiner = new RegExp(String.raw`(?<=${joined})[\u200c\u200d](?=${joined})`, "gu");

/**
 * Untrusted text in a harmless, readable form: controls as ␛, others as ‹U+202E›. Copying yields the original. Joiners stay
 * where words and emoji need them, and the carriage return of a line that Windows ended is left out.
 * @param keep characters to leave unchanged, such as line breaks
 */
export function visibleText(text: string, keep = ""): string {
  const lines = keep.includes("\n") ? text.replaceAll("\r\n", "\n") : text;
  const shown = lines.endsWith("\r") ? lines.slice(0, -1) : lines;
  const joiners = new Set(Array.from(shown.matchAll(joiner), ({ index }) => index));
  return shown.replace(unseen, (character, at: number) =>
    keep.includes(character) || joiners.has(at) ? character : pictureOf(character),
  );
}

function pictureOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  // Unicode's control pictures.
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return "␡";
  return `‹U+${code.toString(16).toUpperCase().padStart(4, "0")}›`;
}
