/** How much of a text is shown: so many characters, no pair of surrogates broken. */
export function cutLength(text: string, limit: number): number {
  if (text.length <= limit) return text.length;
  return text.codePointAt(limit - 1) === text.charCodeAt(limit - 1) ? limit : limit - 1;
}
