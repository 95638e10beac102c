import type { AuditDocument } from "../../../rules/audit/partition-audit.ts";

export interface DocumentCursor {
  /** Returns the documents below the offset that were not returned yet. @throws what the search throws */
  until(offset: number): Promise<AuditDocument[]>;
}

export interface DocumentPage {
  /** Sorted by offset. */
  readonly documents: readonly AuditDocument[];
  /** The start of the next page; null if this is the last. */
  readonly after: readonly number[] | null;
}

/** Iterates over pages, prefetching one page ahead. */
export function createDocumentCursor(
  fetchPage: (after: readonly number[] | null) => Promise<DocumentPage>,
): DocumentCursor {
  let documents: readonly AuditDocument[] = [];
  let next = 0;
  /** Null if the current page is the last. */
  let coming: Promise<DocumentPage> | null = null;
  let begun = false;

  const order = (after: readonly number[] | null): void => {
    coming = fetchPage(after);
    // The caller sees the error when it needs the page, which may be never.
    coming.catch(() => {});
  };

  return {
    async until(offset) {
      if (!begun) order(null);
      begun = true;
      const found: AuditDocument[] = [];
      for (;;) {
        for (let one = documents[next]; one !== undefined; one = documents[next]) {
          if (one.offset >= offset) return found;
          found.push(one);
          next += 1;
        }
        if (coming === null) return found;
        const page: DocumentPage = await coming;
        ({ documents } = page);
        next = 0;
        coming = null;
        if (page.after !== null) order(page.after);
      }
    },
  };
}
