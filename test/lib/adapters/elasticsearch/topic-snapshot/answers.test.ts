import { describe, expect, test } from "bun:test";
import {
  parseIndexNames,
  parsePage,
} from "../../../../../lib/adapters/elasticsearch/topic-snapshot/answers.ts";
import { documentId } from "../../../../../lib/rules/documents/document-id.ts";

function hit(id: string, offset: number, index = "app") {
  return { _id: id, _index: index, sort: [offset, 77 + offset] };
}

describe("a page of documents", () => {
  const own = (offset: number, partition = 0) => documentId("app", { partition, offset, timestamp: 5 });

  test("is identified by its ids", () => {
    const answer = { hits: { hits: [hit(own(1), 1), hit(own(2), 2, ".ds-app-000002")] } };
    expect(parsePage("app", 0, answer)).toEqual({
      documents: [
        { offset: 1, timestamp: 5, index: "app" },
        { offset: 2, timestamp: 5, index: ".ds-app-000002" },
      ],
      hits: 2,
      foreign: 0,
      after: [2, 79],
    });
  });

  test("is empty if filtered to nothing", () => {
    expect(parsePage("app", 0, {})).toEqual({ documents: [], hits: 0, foreign: 0, after: null });
  });

  test("foreign ids are counted, but not those of another topic found by full-text matching", () => {
    const other = documentId("app-2", { partition: 0, offset: 9, timestamp: 5 });
    const hits = [hit("random", 1), hit(own(2, 1), 2), hit(own(3), 4), hit(other, 9), hit(own(10), 10)];
    const page = parsePage("app", 0, { hits: { hits } });
    expect(page.documents.map(({ offset }) => offset)).toEqual([10]);
    expect(page).toMatchObject({ hits: 5, foreign: 3 });
  });

  test("a hit without its id is an error, not a missing record", () => {
    expect(() => parsePage("app", 0, { hits: { hits: [{ _index: "app", sort: [1] }] } })).toThrow(
      "without its id",
    );
  });
});

test("names: open indices, aliases and data streams count as open, closed indices do not", () => {
  const answer = {
    indices: [
      { name: "a", attributes: ["open"] },
      { name: "b", attributes: ["closed"] },
    ],
    aliases: [{ name: "c", indices: ["a"] }],
    data_streams: [{ name: "d" }],
  };
  expect(parseIndexNames(answer)).toEqual({
    open: new Set(["a", "c", "d"]),
    closed: new Set(["b"]),
    others: new Set(["c", "d"]),
  });
});
