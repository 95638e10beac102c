/**
 * RFC 4180, lines ending with CR LF. Every cell stands in quotes: what separates cells elsewhere (`;`, a tab) then does not in a
 * spreadsheet of another country's, which would begin a new cell behind it.
 */
export function csvRow(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`;
}

/**
 * A cell that a spreadsheet would take for a formula (OWASP, "CSV injection") gets a `'` in front. Some read the full-width
 * forms of East Asian text as well, and white space or controls before them do not count.
 */
const FORMULA = /^[\s\p{Cc}\p{Cf}]*[;,=+\-@＝＋－＠]|^[\t\r]/u;

function csvCell(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}
