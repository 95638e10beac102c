/** Rows per page of a table. */
export const pageRows = 100;

/** A page of a long table. */
export interface PageOf<T> {
  readonly rows: readonly T[];
  /** From 1; requests beyond the end get the last page. */
  readonly page: number;
  readonly pages: number;
}

/** The page that `page` in the address selects; anything but a number from 1 selects the first. */
export function pageOf<T>(all: readonly T[], asked: string | null): PageOf<T> {
  const wanted = pageNumber(asked);
  const pages = Math.max(1, Math.ceil(all.length / pageRows));
  const page = Math.min(wanted, pages);
  return { rows: all.slice((page - 1) * pageRows, page * pageRows), page, pages };
}

export function pageNumber(asked: string | null): number {
  const page = Number(asked ?? "1");
  return Number.isSafeInteger(page) && page > 0 ? page : 1;
}
