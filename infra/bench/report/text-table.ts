/** Rows under each other in columns, the first to the left and the others to the right. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const full = rows.filter((row) => row.length === rows[0]?.length);
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...full.map((row) => row[column]?.length ?? 0)));
  // A row that is cut short says why in its last cell, which may be long.
  const first = Math.max(...rows.map((row) => row[0]?.length ?? 0));
  return rows
    .map((row) =>
      row
        .map((cell, at) =>
          at === 0 ? cell.padEnd(first) : cell.padStart(row.length === widths.length ? (widths[at] ?? 0) : 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join("");
}
