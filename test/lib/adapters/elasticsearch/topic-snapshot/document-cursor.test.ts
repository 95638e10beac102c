import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  createDocumentCursor,
  type DocumentPage,
} from "../../../../../lib/adapters/elasticsearch/topic-snapshot/document-cursor.ts";
import type { AuditDocument } from "../../../../../lib/rules/audit/partition-audit.ts";
import { rejection } from "../../../../support/rejection.ts";

function document(offset: number): AuditDocument {
  return { offset, timestamp: 1, index: "app" };
}

describe("a document cursor", () => {
  test("any pages in any steps: returns every document once, in its step", async () => {
    const offsets = fc.array(fc.nat(50), { maxLength: 40 }).map((list) => list.toSorted((a, b) => a - b));
    await fc.assert(
      fc.asyncProperty(
        offsets,
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.nat(60), { maxLength: 8 }),
        async (all, size, steps) => {
          const cursor = createDocumentCursor((after) => {
            const from = after?.[0] ?? 0;
            const documents = all.slice(from, from + size).map(document);
            return Promise.resolve({ documents, after: documents.length < size ? null : [from + size] });
          });
          let before = 0;
          for (const until of [...steps.toSorted((a, b) => a - b), 100]) {
            const found = (await cursor.until(until)).map(({ offset }) => offset);
            expect(found).toEqual(all.filter((offset) => offset >= before && offset < until));
            before = Math.max(before, until);
          }
        },
      ),
    );
  });

  test("prefetches the next page, and only that one", async () => {
    const asked: (readonly number[] | null)[] = [];
    const cursor = createDocumentCursor((after): Promise<DocumentPage> => {
      asked.push(after);
      return Promise.resolve({ documents: [document(asked.length)], after: [asked.length] });
    });
    expect(asked).toEqual([]);
    expect(await cursor.until(1)).toEqual([]);
    expect(asked).toEqual([null, [1]]);
  });

  test("a failed fetch is thrown when its documents are requested", async () => {
    const cursor = createDocumentCursor((after) =>
      after === null
        ? Promise.resolve({ documents: [document(1)], after: [1] })
        : Promise.reject(new Error("a shard is missing")),
    );
    expect(await cursor.until(1)).toEqual([]);
    expect(await rejection(cursor.until(5))).toHaveProperty(
      "message",
      expect.stringContaining("a shard is missing"),
    );
  });
});
