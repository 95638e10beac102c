/**
 * Writes a row as in RFC 4180, ending in CR LF. Every cell is quoted, because spreadsheets in some locales also
 * separate cells at `;` or a tab.
 */
export function csvRow(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`;
}

/**
 * Cells that a spreadsheet would take for a formula (OWASP, "CSV injection") get a leading `'`. Some spreadsheets also
 * accept the full-width forms of East Asian text, and ignore white space or control characters before the formula.
 */
const FORMULA = /^[\s\p{Cc}\p{Cf}]*[;,=+\-@＝＋－＠]|^[\t\r]/u;

function csvCell(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}
