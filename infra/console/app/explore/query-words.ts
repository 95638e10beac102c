/** Longer values make no filter that anybody could read. */
export const maxFilterLength = 200;

/** The query that also wants this value, or wants it nowhere. Quoted where it is more than one word, so that its signs mean nothing. */
export function withValue(query: string, value: string, exclude: boolean): string {
  const isWord = /^[\p{L}\p{N}_]+$/u.test(value);
  // There is no way to write a quote inside a phrase that every analyzer would keep.
  const text = isWord ? value : `"${value.replaceAll(/["\\]/g, " ").trim()}"`;
  const term = `${exclude ? "-" : ""}${text}`;
  return text === '""' || query.trim().split(" ").includes(term) ? query : `${query.trim()} ${term}`.trim();
}
