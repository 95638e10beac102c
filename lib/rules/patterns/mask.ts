/** The longest beginning of a line that is looked at. */
const maxLength = 1_000;
const maxWords = 80;

/**
 * What differs from line to line of one statement: ids, times, addresses, sizes and numbers. In this order, because a time
 * contains numbers. One digit after a letter belongs to the word, as in `ipv6`. Words of a path that differ are found by
 * comparing lines, so that `/api/orders` stays.
 */
const values = [
  String.raw`\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`,
  String.raw`\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?`,
  String.raw`\b(?:(?:mon|tue|wed|thu|fri|sat|sun) )?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec) {1,2}\d{1,2} \d\d:\d\d:\d\d(?: \d{4})?\b`,
  String.raw`\b\d{1,3}(?:\.\d{1,3}){3}\b(?::\d+)?`,
  String.raw`\b0x[0-9a-f]+\b`,
  String.raw`\b[0-9a-f]{8,}\b`,
  String.raw`(?<![a-z])[-+]?\d+(?:[.,:]\d+)*(?: ?(?:[kmgt]i?)?b\b)?`,
  String.raw`(?<=[a-z])\d{2,}`,
];
/** Several at once are one. */
const variable = new RegExp(`(?:${values.join("|")})+`, "gi");

/** Stands for what differs. */
export const wildcard = "<*>";

/** The words of a line, with everything that differs from line to line replaced. A list of values is one. */
export function maskedWords(line: string): string[] {
  const words = line.slice(0, maxLength).trim().replace(variable, wildcard).split(/\s+/);
  // Its last word may be cut.
  if (line.length > maxLength) words[words.length - 1] = wildcard;
  const fewer = words.filter((word, at) => word !== words[at - 1] || !word.includes(wildcard));
  return fewer.length > maxWords ? [...fewer.slice(0, maxWords), wildcard] : fewer;
}

/** Names of hosts, classes and files, and what stands in their place if there is none. In time that grows with the length. */
const name = /\w\.\w+[./]\w|^[^=/]*[=/].*\w\.\w|^(?:\(\)|\[\]|\{\}|null|none|-)$/i;

/** Whether a word is a value by its looks, whichever lines are beside it. */
export function isValue(word: string): boolean {
  return word.includes(wildcard) || name.test(word);
}
