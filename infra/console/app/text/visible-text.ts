/**
 * Characters that act instead of being visible: C0 and C1 controls, and Unicode's format characters, including
 * bidirectional controls (CVE-2021-42574) and zero-width characters; also lone surrogates.
 */
// eslint-disable-next-line eslint/no-control-regex -- this expression exists to find them
const unseen = /[\u0000-\u001f\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u2065]/gu;

/**
 * Untrusted text in a harmless, readable form: controls as ␛, others as ‹U+202E›. Copying yields the original.
 * @param keep characters to leave unchanged, such as line breaks
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
