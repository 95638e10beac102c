import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { maskedWords } from "../../../../lib/rules/patterns/mask.ts";
import { patternQuery } from "../../../../lib/rules/patterns/pattern-query.ts";
import { createPatterns } from "../../../../lib/rules/patterns/patterns.ts";
import { parseQuery } from "../../../../lib/rules/search/grammar/parse.ts";

function patternsOf(lines: readonly string[]): [string, number][] {
  const patterns = createPatterns();
  for (const line of lines) patterns.add(line);
  return patterns.list().map(({ words, count }) => [words.join(" "), count]);
}

test("what differs from line to line is masked: ids, times, addresses, numbers", () => {
  const masked = (line: string) => maskedWords(line, 99).join(" ");
  expect(masked("at 2026-11-30T10:00:01.123+01:00 took 12.5ms")).toBe("at <*> took <*>ms");
  expect(masked("user 6f1f6c1e-9b57-4c6b-8a51-2a2d6a0b7f11 from 10.0.0.1:8080")).toBe("user <*> from <*>");
  expect(masked("blk_-1608999687919862906 at 0xdeadbeef, deadbeef1 and facade")).toBe(
    "blk_<*> at <*>, <*> and facade",
  );
  expect(masked("GET /api/v1/orders/17?limit=5")).toBe("GET /api/v1/orders/<*>?limit=<*>");
});

describe("lines of one statement meet", () => {
  test("whatever its values are, and other statements stay apart", () => {
    const users = ["alice", "bob", "carol"];
    const lines = [
      ...users.map((user, n) => `accepted password for ${user} from 10.0.0.${n} port ${n} ssh2`),
      ...users.map((user) => `session opened for user ${user} by root`),
      "disk is full",
    ];
    expect(patternsOf(lines)).toEqual([
      ["accepted password for <*> from <*> port <*> ssh2", 3],
      ["session opened for user <*> by root", 3],
      ["disk is full", 1],
    ]);
  });

  test("every line is counted once, and memory stays bounded", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 40 }), { maxLength: 60 }), (lines) => {
        const patterns = createPatterns();
        for (const line of lines) patterns.add(line);
        const counted = patterns.list().reduce((sum, { count }) => sum + count, 0);
        expect(counted + patterns.others).toBe(lines.length);
      }),
    );
    const patterns = createPatterns();
    const letters = (n: number): string => n.toString(2).replaceAll("0", "a").replaceAll("1", "b");
    for (let n = 0; n < 4_000; n += 1) patterns.add(`${letters(n)} ${letters(n * 7)} ${letters(n * 3)}`);
    expect(patterns.list().length).toBeLessThanOrEqual(2_000);
  });

  test("a long line of hostile digits takes no time that grows with its length", () => {
    const started = performance.now();
    for (const line of ["a1".repeat(200_000), "1.".repeat(200_000), "0x".repeat(200_000)])
      maskedWords(line, 80);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

test("a pattern's search finds its lines by what stays the same, or leaves them out", () => {
  const words = 'accepted "password" for <*> from <*> port'.split(" ");
  expect(patternQuery({ words }, false)).toBe(String.raw`"accepted \"password\" for" "from" "port"`);
  expect(patternQuery({ words }, true)).toBe(
    String.raw`NOT ("accepted \"password\" for" AND "from" AND "port")`,
  );
  expect(patternQuery({ words: ["disk", "is", "full"] }, true)).toBe('NOT "disk is full"');
  expect(patternQuery({ words: ["<*>", "-", "<*>"] }, false)).toBeNull();
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 9 }), { maxLength: 12 }), (some) => {
      const query = patternQuery({ words: some }, true);
      if (query !== null) expect(parseQuery(query)).not.toBeNull();
    }),
  );
});
