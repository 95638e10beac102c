/** The shown length of a text, without splitting a surrogate pair. */
export function cutLength(text: string, limit: number): number {
  if (text.length <= limit) return text.length;
  return text.codePointAt(limit - 1) === text.charCodeAt(limit - 1) ? limit : limit - 1;
}
