/** Lays out rows in columns. @param texts how many columns hold text, aligned left; the others hold figures, aligned right */
export function alignColumns(rows: readonly (readonly string[])[], texts = 1): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => Bun.stringWidth(row[column] ?? ""))),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        const fill = " ".repeat(width - Bun.stringWidth(cell));
        return column < texts ? cell + fill : fill + cell;
      })
      .join("  ")
      .trimEnd(),
  );
}
