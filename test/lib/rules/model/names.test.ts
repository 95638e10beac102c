import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  createIndexNamer,
  globsOverAll,
  dayIn,
  indexForTimestamp,
  indexPatternOf,
  indexTemplateFault,
  isIndexName,
  isTopicName,
  matchesGlob,
  leadsTo,
  matchesTopicPattern,
  resolveIndex,
} from "../../../../lib/rules/model/names.ts";

const longer = (name: string): string[] => ["a", "b", "c"].map((letter) => name + letter);
const topicName = fc.stringMatching(/^[a-c._-]{1,12}$/);

describe("topic names", () => {
  test.each(["a", "golang_log", "A.b-c_9", "x".repeat(249), "...", "..a"])("%s is valid", (name) => {
    expect(isTopicName(name)).toBe(true);
  });

  test.each(["", ".", "../..", "a b", "a/b", "*", "ä", "😀", "a\n", "x".repeat(250)])(
    "%j is invalid",
    (name) => {
      expect(isTopicName(name)).toBe(false);
    },
  );
});

describe("topic patterns", () => {
  test.each([
    ["app-*", "app-one", true],
    ["app-*", "app-", true],
    ["app-*", "xapp-one", false],
    ["*", "anything", true],
    ["a?c", "abc", true],
    ["a?c", "ac", false],
    ["a.c", "abc", false],
    ["*a*b", "xaybab", true],
    ["*a*b", "xayba", false],
    ["*", "__consumer_offsets", false],
    ["__*", "__consumer_offsets", false],
    ["*", "dead", false],
    ["dead", "dead", false],
    ["*", "penstock.dead-letters", false],
    ["team-b.*", "team-b.dead-letters", false],
    ["*", "dead-letters-of-mine", true],
  ])("%s on %s: %p", (pattern, topic, expected) => {
    expect(matchesTopicPattern(pattern, topic, "dead")).toBe(expected);
  });

  test("agrees with the equivalent regular expression", () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[ab.*?]{1,8}$/),
        fc.stringMatching(/^[ab.]{1,10}$/),
        (pattern, topic) => {
          const source = pattern.replaceAll(".", "\\.").replaceAll("*", ".*").replaceAll("?", ".");
          expect(matchesTopicPattern(pattern, topic, "dead")).toBe(new RegExp(`^${source}$`).test(topic));
        },
      ),
    );
  });

  test("a glob leaves nothing of a pattern exactly if it matches every name that the pattern matches", () => {
    const names = [""];
    for (const name of names) if (name.length < 6) names.push(...longer(name));
    const glob = fc.stringMatching(/^[ab*?]{1,3}$/);
    fc.assert(
      fc.property(glob, glob, (exclude, pattern) => {
        const covered = names.filter((name) => matchesGlob(pattern, name));
        const isAll = covered.every((name) => matchesGlob(exclude, name));
        expect(globsOverAll([exclude], pattern)).toEqual(isAll ? [exclude] : []);
      }),
    );
  });

  test("does not take exponential time", () => {
    expect(matchesTopicPattern(`${"a*".repeat(120)}b`, "a".repeat(249), "dead")).toBe(false);
  });
});

describe("index names", () => {
  test.each(["a", "logs-2026.01.02", "größe", "x".repeat(255)])("%s is valid", (name) => {
    expect(isIndexName(name)).toBe(true);
  });

  test.each(
    [
      ["", ".", "../..", ".hidden", "-a", "_a", "+a", "A", "a b", "a,b", "a#b", "a:b", "a\\b", "a/b"],
      ["a*b", "a?b", 'a"b', "a<b", "a>b", "a|b", "a\tb", "a\u0000b", "x".repeat(256), "ß".repeat(128)],
    ].flat(),
  )("%j is none", (name) => {
    expect(isIndexName(name)).toBe(false);
  });
});

describe("index templates", () => {
  test.each(
    [
      ["logs", "logs-{yyyy.MM.dd}", "{topic}", "{topic}-{yyyy.MM.dd}", "a-{topic}"],
      ["logs-{app}", "logs-{kubernetes.namespace:300}-{yyyy.MM.dd}", "{topic}-{dd.service}", "a-{x}{y}"],
      ["a-{kubernetes.labels.app.kubernetes.io/name}", `${"x".repeat(239)}{app}`],
    ].flat(),
  )("%s is valid", (template) => {
    expect(indexTemplateFault(template)).toBeNull();
  });

  test.each([
    ["logs-{yyyy}", "contains {yyyy}, which looks like a date: the only one is {yyyy.MM.dd}"],
    ["logs-{YYYY-MM-DD}", "contains {YYYY-MM-DD}, which looks like a date"],
    ["logs-{", "contains a brace without its other half"],
    ["logs-{a}}", "contains a brace without its other half"],
    ["{Topic}", "contains {Topic}, which is neither {topic} nor {yyyy.MM.dd} nor a JSON field"],
    ["logs-{}", "contains {}, which is neither"],
    ["logs-{a b}", "contains {a b}, which is neither"],
    ["logs-{a..b}", "contains {a..b}, which is neither"],
    ["logs-{a,b}", "contains {a,b}, which is neither"],
    ["logs-{a:0}", "contains {a:0}, whose number of indices is not a whole number from 1 to 1000"],
    ["logs-{a:1001}", "contains {a:1001}, whose number of indices is not"],
    ["{app}", "begins with a placeholder: a name that fields choose needs a fixed beginning"],
    ["{yyyy.MM.dd}-{app}", "begins with a placeholder"],
    ["-{app}", "is not an Elasticsearch index name"],
    ["Logs-{app}", "is not an Elasticsearch index name"],
    [`${"x".repeat(240)}{app}`, "is not an Elasticsearch index name"],
    ["penstock-{app}", "may lead to an index or alias of Penstock's own"],
    ["pen{app}", "may lead to an index or alias of Penstock's own"],
    ["penstock-names", "may lead to an index or alias of Penstock's own"],
    ["penstock-records", "may lead to an index or alias of Penstock's own"],
    ["Logs", "is not an Elasticsearch index name"],
    ["_{topic}", "is not an Elasticsearch index name"],
    ["", "is not an Elasticsearch index name"],
  ])("%j %s", (template, rule) => {
    expect(indexTemplateFault(template)).toStartWith(rule);
  });

  test("uses the record's day in UTC", () => {
    expect(indexForTimestamp("l-{yyyy.MM.dd}", Date.UTC(2026, 0, 2, 23, 59, 59, 999))).toBe("l-2026.01.02");
    expect(indexForTimestamp("l-{yyyy.MM.dd}", Date.UTC(2026, 0, 3))).toBe("l-2026.01.03");
    expect(indexForTimestamp("l-{yyyy.MM.dd}", 0)).toBe("l-1970.01.01");
    expect(indexForTimestamp("l-{yyyy.MM.dd}", 253_402_300_799_999)).toBe("l-9999.12.31");
    expect(indexForTimestamp("plain", 0)).toBe("plain");
  });

  test("inserts a topic's name unchanged", () => {
    fc.assert(
      fc.property(topicName, (topic) => {
        expect(resolveIndex("a-{topic}-{yyyy.MM.dd}", topic)).toBe(`a-${topic}-{yyyy.MM.dd}`);
      }),
    );
    expect(resolveIndex("{topic}", "$&")).toBe("$&");
  });

  test("the namer agrees with it for records in any order", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 253_402_300_799_999 })), (timestamps) => {
        const nameIndex = createIndexNamer("l-{yyyy.MM.dd}");
        for (const timestamp of timestamps) {
          expect(nameIndex(timestamp)).toBe(indexForTimestamp("l-{yyyy.MM.dd}", timestamp));
        }
      }),
    );
    expect(createIndexNamer("plain")(1)).toBe("plain");
  });

  test("a wildcard pattern covers all its indices", () => {
    expect(indexPatternOf("logs-{yyyy.MM.dd}")).toBe("logs-*");
    expect(indexPatternOf("{topic}-{yyyy.MM.dd}")).toBe("*-*");
    expect(indexPatternOf("logs")).toBe("logs");
    expect(indexPatternOf("logs-{a.b:9}-{yyyy.MM.dd}")).toBe("logs-*-*");
    expect(indexPatternOf("logs-{a}{b}{yyyy.MM.dd}")).toBe("logs-*");
  });

  test("fields and days lead to an index, other names do not", () => {
    const template = "logs-{a.b:9}-{yyyy.MM.dd}";
    expect(leadsTo(template, "logs-x-y-2026.11.30")).toBe(true);
    expect(leadsTo(template, template)).toBe(true);
    for (const other of ["logs--2026.11.30", "logs-x", "logs-x-2026.11.30-1", "logsx-2026.11.30"])
      expect(leadsTo(template, other)).toBe(false);
    expect(leadsTo("logs", "logs-x")).toBe(false);
    expect(dayIn(template, "logs-2026.01.01-2026.11.30")).toBe("2026.11.30");
    expect(dayIn("logs-{a}", "logs-x")).toBe("");
  });
});
