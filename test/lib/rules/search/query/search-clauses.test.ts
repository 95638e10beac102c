import { describe, expect, test } from "bun:test";
import { parseQuery } from "../../../../../lib/rules/search/grammar/parse.ts";
import { fewFields, searchClauses } from "../../../../../lib/rules/search/query/search-clauses.ts";

const textClauses = (text: string, few: boolean) =>
  searchClauses(parseQuery(text), { fields: few ? fewFields : null, fieldOf: () => null });

const wordFields = ["kafka.words", "*.@words"];
const phrase = (query: string) => ({
  multi_match: { query, lenient: true, type: "phrase", zero_terms_query: "none" },
});
const words = (query: string) => ({
  multi_match: { query, fields: wordFields, lenient: true, operator: "and", zero_terms_query: "none" },
});
const begin = (query: string) => ({
  multi_match: { query, lenient: true, type: "bool_prefix", operator: "and" },
});

describe("what the search box asks for", () => {
  test("is each word, as typed, in the index's default fields", () => {
    expect(textClauses("Timeout pay", false)).toEqual({
      must: [phrase("Timeout"), phrase("pay")],
      must_not: [],
    });
  });

  test.each(["user_login", "10.0.0.1", "NameSystem.addStoredBlock", "数据"])(
    "%s, which analyzers split, is a phrase, or all its words in the words of all fields",
    (text) => {
      expect(textClauses(text, false).must).toEqual([{ bool: { should: [phrase(text), words(text)] } }]);
      expect(textClauses(`"${text}"`, false).must).toEqual([
        { bool: { should: [phrase(text), words(text)] } },
      ]);
    },
  );

  test("is a prefix, without a limit on the words it matches", () => {
    expect(textClauses("pay*", false).must).toEqual([begin("pay")]);
  });

  test("is a prefix after other words", () => {
    expect(textClauses("user_log*", false).must).toEqual([
      {
        bool: {
          should: [
            { simple_query_string: { query: "user_log*", lenient: true, flags: "PREFIX" } },
            {
              multi_match: { query: "user_log", lenient: true, type: "phrase_prefix", max_expansions: 1_024 },
            },
            {
              multi_match: {
                query: "user_log",
                fields: wordFields,
                lenient: true,
                operator: "and",
                type: "bool_prefix",
              },
            },
          ],
        },
      },
    ]);
    expect(JSON.stringify(textClauses("10.0.*", false))).not.toContain("phrase_prefix");
  });

  test("excludes terms after a dash; punctuation alone excludes nothing", () => {
    const { must, must_not } = textClauses("-health", false);
    expect([must, must_not.length]).toEqual([[], 1]);
    expect(JSON.stringify(textClauses("-((", false).must_not)).toContain('"zero_terms_query":"none"');
    expect(JSON.stringify(textClauses("((", false).must)).toContain('"zero_terms_query":"all"');
  });

  test("is one of several, each of which may be excluded", () => {
    expect(textClauses("a OR NOT (b c)", false)).toEqual({
      must: [
        {
          bool: {
            should: [phrase("a"), { bool: { must_not: [{ bool: { must: [phrase("b"), phrase("c")] } }] } }],
          },
        },
      ],
      must_not: [],
    });
    expect(JSON.stringify(textClauses("a OR ((", false).must)).not.toContain('"zero_terms_query":"all"');
  });

  test("is looked for in few fields if requested", () => {
    expect(JSON.stringify(textClauses("a", true))).toContain('"fields":["message","kafka.words"]');
  });

  test("is nothing for nothing", () => {
    expect(textClauses(' - * "" ', false)).toEqual({ must: [], must_not: [] });
  });
});
