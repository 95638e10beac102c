/**
 * On a narrow screen each row of a table is a card, and each cell names its column (styles/tables.css). This writes the names
 * into the cells of every table of the console, now and when rows are added: one rule, and no table that forgot it.
 */
export function labelCells(root: Element): void {
  label(root);
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes)
      for (const node of addedNodes) if (node instanceof Element) label(node);
  }).observe(root, { childList: true, subtree: true });
}

function label(added: Element): void {
  const rows = added.matches("td, tr") ? [added.closest("tr")] : added.querySelectorAll("tbody tr");
  for (const row of rows) {
    const heads = row?.closest("table")?.tHead?.rows[0]?.cells;
    if (row === null || heads === undefined || !(row instanceof HTMLTableRowElement)) continue;
    for (const [place, cell] of [...row.cells].entries()) {
      if (cell.colSpan > 1 || cell.dataset["label"] !== undefined) continue;
      const name = nameOf(heads[place]);
      if (name !== "") cell.dataset["label"] = name;
    }
  }
}

/** Empty for a column whose name is only spoken: what its cells hold names itself. */
function nameOf(head: HTMLTableCellElement | undefined): string {
  if (head === undefined || head.querySelector(".unseen") !== null) return "";
  return (head.textContent ?? "").replace(/ [↑↓]$/, "").trim();
}
