/** Rows of a table that are shown at once. */
export const pageRows = 100;

/** A page of a long table. */
export interface PageOf<T> {
  readonly rows: readonly T[];
  /** From 1; the last one where a later one was asked for. */
  readonly page: number;
  readonly pages: number;
}

/** The page that `page` in the address asks for; what is no number from 1 is the first one. */
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
