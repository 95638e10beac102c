/**
 * Characters that act instead of being seen: C0 and C1 controls, and Unicode's format characters, among them those that
 * turn the order of text around (CVE-2021-42574) and those of no width; half a surrogate pair too.
 */
// eslint-disable-next-line eslint/no-control-regex -- finding them is what this is for
const unseen = /[\u0000-\u001f\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * Hostile text in a form that can be read and does nothing: controls as ␛, others as ‹U+202E›. What is copied is the
 * original, not this.
 * @param keep characters to leave as they are, such as line breaks in a text of several lines
 */
export function visibleText(text: string, keep = ""): string {
  return text.replace(unseen, (character) => (keep.includes(character) ? character : pictureOf(character)));
}

function pictureOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  // Unicode's control pictures.
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return "␡";
  return `‹U+${code.toString(16).toUpperCase().padStart(4, "0")}›`;
}
