import type { AuditDocument } from "../../../rules/audit/partition-audit.ts";

export interface DocumentCursor {
  /** The documents below the offset that were not returned before. @throws what the search throws */
  until(offset: number): Promise<AuditDocument[]>;
}

export interface DocumentPage {
  /** In the order of offsets. */
  readonly documents: readonly AuditDocument[];
  /** Where the next page begins; null: there is none. */
  readonly after: readonly number[] | null;
}

/** Walks through pages, the next of which is fetched while the one at hand is worked on. */
export function createDocumentCursor(
  fetchPage: (after: readonly number[] | null) => Promise<DocumentPage>,
): DocumentCursor {
  let documents: readonly AuditDocument[] = [];
  let next = 0;
  /** Null: the page at hand is the last. */
  let coming: Promise<DocumentPage> | null = null;
  let begun = false;

  const order = (after: readonly number[] | null): void => {
    coming = fetchPage(after);
    // Whoever asks for it is told; it may also never be asked for.
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
