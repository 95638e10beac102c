/** The analyzer that splits text into words. */
export const wordAnalyzer = "penstock_words";
/** The analyzer for tags. It drops words of our own tags, because a search for `failure` means the record. */
export const tagAnalyzer = "penstock_tags";
const wordsOfOurTags =
  "absent as carriage doubled failure field fields flattened invalid json missing name parse removed renamed replaced return text timestamp utf8";

/** Letters, digits and their marks in scripts that separate words; a few rare signs among them do no harm. */
const letters = [
  "0-9A-Za-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u037d\u037f-\u0386\u0388-\u0559\u0560-\u0588",
  "\u0590-\u05bd\u05bf\u05c1-\u05c2\u05c4-\u05c5\u05c7-\u05f2\u0610-\u061a\u0620-\u0669\u066e-\u06d3\u06d5-\u06ff",
  "\u070e-\u0963\u0966-\u096f\u0971-\u0e3e\u0e40-\u0e4e\u0e50-\u0e59\u0e80-\u1049\u1050-\u10fa\u10fc-\u135f\u1369-\u13ff",
  "\u1401-\u1734\u1740-\u17d3\u17e0-\u17ff\u180b-\u1fff\u200c-\u200d\u2c00-\u2dff\ua4d0-\ud7ff\ufb00-\ufdff\ufe70-\ufefc",
  "\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uffa0-\uffdc\u{10000}-\u{1efff}",
].join("");
const katakana = "\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f";
/** Scripts without spaces between words: each character is a word. */
const alone =
  "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u3105-\u312f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{3ffff}";

/**
 * A word, in Lucene's syntax. All else separates words: unlike in the standard analyzer, `.`, `:` and `_` do too.
 * A terminal's colour code is a word of its own, so that it does not join the text after it. Cheaper than a char filter
 * before the standard tokenizer.
 */
const word = `\u001b\\[[0-9;]*m|[${letters}]+|[${katakana}]+|[${alone}]`;

/**
 * A term of more than 32,766 bytes (Lucene's limit) would cause the document to be rejected. The pattern has no limit of
 * its own, because each thread has an automaton of it for each index.
 */
const longestWord = 255;

/** The value of `index.analysis`. */
export const analysisSettings = {
  tokenizer: { [wordAnalyzer]: { type: "simple_pattern", pattern: word } },
  filter: {
    [wordAnalyzer]: { type: "truncate", length: longestWord },
    [tagAnalyzer]: { type: "stop", stopwords: wordsOfOurTags.split(" ") },
  },
  analyzer: {
    [wordAnalyzer]: { type: "custom", tokenizer: wordAnalyzer, filter: [wordAnalyzer, "lowercase"] },
    [tagAnalyzer]: {
      type: "custom",
      tokenizer: wordAnalyzer,
      filter: [wordAnalyzer, "lowercase", tagAnalyzer],
    },
  },
};
