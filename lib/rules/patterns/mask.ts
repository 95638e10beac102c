/** The longest beginning of a line that is looked at. */
const maxLength = 1_000;

/**
 * What differs from line to line of one statement: ids, times, addresses and numbers. In this order, because a time contains
 * numbers. Words of a path that differ are found by comparing lines, so that `/api/orders` stays.
 */
const variable = new RegExp(
  [
    String.raw`\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`,
    String.raw`\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?`,
    String.raw`\b\d{1,3}(?:\.\d{1,3}){3}\b(?::\d+)?`,
    String.raw`\b0x[0-9a-f]+\b`,
    String.raw`\b(?=[a-f]{0,31}\d)[0-9a-f]{8,}\b`,
    String.raw`(?<![a-z])[-+]?\d+(?:[.,:]\d+)*`,
  ].join("|"),
  "gi",
);

/** Stands for what differs. */
export const wildcard = "<*>";

/** The words of a line, with everything that differs from line to line replaced. */
export function maskedWords(line: string, maxWords: number): string[] {
  const start = line.slice(0, maxLength);
  const masked = /\d/.test(start) ? start.replace(variable, wildcard) : start;
  const words = masked.split(/\s+/, maxWords + 1).filter((word) => word !== "");
  return words.length > maxWords ? [...words.slice(0, maxWords), wildcard] : words;
}
