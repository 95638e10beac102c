import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { isValue, maskedWords } from "../../../../lib/rules/patterns/mask.ts";
import { patternQuery } from "../../../../lib/rules/patterns/pattern-query.ts";
import { createPatterns } from "../../../../lib/rules/patterns/patterns.ts";
import { parseQuery } from "../../../../lib/rules/search/grammar/parse.ts";

function patternsOf(lines: readonly string[]): [string, number][] {
  const patterns = createPatterns();
  for (const line of lines) patterns.add(line);
  return patterns.list().map(({ words, count }) => [words.join(" "), count]);
}

test("what differs from line to line is masked: ids, times, addresses, numbers", () => {
  const masked = (line: string) => maskedWords(line).join(" ");
  expect(masked("at 2026-11-30T10:00:01.123+01:00 took 12.5ms")).toBe("at <*> took <*>ms");
  expect(masked("user 6f1f6c1e-9b57-4c6b-8a51-2a2d6a0b7f11 from 10.0.0.1:8080")).toBe("user <*> from <*>");
  expect(masked("blk_-1608999687919862906 at 0xdeadbeef, deadbeef1 and facade")).toBe(
    "blk_<*> at <*>, <*> and facade",
  );
  expect(masked("GET /api/v1/orders/17?limit=5")).toBe("GET /api/v1/orders/<*>?limit=<*>");
  expect(masked("since Sun Jul  3 10:21:07 2005 of Dec 24 00:00:00, 12.5 KB (3 B) of 7 bytes")).toBe(
    "since <*> of <*>, <*> (<*>) of <*> bytes",
  );
  expect(masked("nova.log.1.2017-05-16_13:53:08 of host-10-105-160-95")).toBe("nova.log.<*>_<*> of host-<*>");
  expect(masked("dn4711 by ipv6 and ssh2")).toBe("dn<*> by ipv6 and ssh2");
});

test("a list of values is one value, and a word that is cut off is none", () => {
  const masked = (line: string) => maskedWords(line).join(" ");
  expect(masked("delete blk_1 blk_22 blk_333 now")).toBe(masked("delete blk_4 now"));
  expect(masked("no no 1 2")).toBe("no no <*>");
  expect(masked(`begin ${"x".repeat(2_000)}`)).toBe("begin <*>");
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

  test("a word of few values tells statements apart, one of many is a variable", () => {
    const states = ["started", "stopped", "paused"];
    const names = ["ann", "bea", "cem", "dan", "eve", "fay"];
    const lines = states.flatMap((state) =>
      names.map((name) => `machine of ${name} was ${state} by request`),
    );
    expect(patternsOf(lines)).toEqual(states.map((state) => [`machine of <*> was ${state} by request`, 6]));
  });

  test("a word of many values tells statements apart where another leaves it few", () => {
    const ends = ["claim a", "claim b", "image c", "image d", "disk e", "disk f"];
    const lines = ends.flatMap((end) => Array.from({ length: 5 }, (_, n) => `[job ${n}] [host up] ${end}`));
    expect(patternsOf(lines)).toEqual(ends.map((end) => [`[job <*>] [host up] ${end}`, 5]));
  });

  test("lines of two clusters that end in one pattern are counted as one", () => {
    const lines = ["p q a b r", "p q c d s", "p q c e t", "p q f 1 t", "p q g 1 r", "p q h 1 u"];
    expect(patternsOf(lines)).toEqual([["p q <*> <*> <*>", 6]]);
  });

  test("a name at the beginning is a variable, too", () => {
    const names = ["ann", "bea", "cem", "dan", "eve", "fay"];
    const lines = names.map((name) => `${name} opened the door`);
    expect(patternsOf(lines)).toEqual([["<*> opened the door", 6]]);
    // Nothing would be left of these.
    const verbs = names.map((name) => `${name} 1`);
    expect(patternsOf(verbs)).toHaveLength(6);
  });

  test("names of hosts, classes and files are values, few as they may be", () => {
    const hosts = ["mail.example.org", "www.example.org"];
    const lines = hosts.flatMap((host) => Array.from({ length: 9 }, (_, n) => `${host} refused job ${n}`));
    expect(patternsOf(lines)).toEqual([["<*> refused job <*>", 18]]);
    const values = ["a.b.c", "user=mail.org", "/var/log/x.log", "()", "null", "-", "id-<*>"];
    expect(values.filter((word) => !isValue(word))).toEqual([]);
    expect(["started", "e.g.", "user=root", "/api/orders", "done."].filter(isValue)).toEqual([]);
  });

  test("lines of one statement stay one pattern when there are more shapes than are kept", () => {
    const letters = (n: number): string =>
      n.toString(4).replaceAll(/\d/g, (digit) => "abcd"[Number(digit)] ?? "");
    const patterns = createPatterns();
    for (let n = 0; n < 25_000; n += 1)
      patterns.add(`user ${letters(n)} ${n % 2 === 0 ? "came" : "went"} through the door`);
    expect(patterns.others).toBe(0);
    expect(patterns.list().map(({ words, count }) => [words.join(" "), count])).toEqual([
      ["user <*> came through the door", 12_500],
      ["user <*> went through the door", 12_500],
    ]);
  });

  test("every line is counted once, and memory stays bounded", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 40 }), { maxLength: 60 }), (lines) => {
        const patterns = createPatterns();
        for (const line of lines) patterns.add(line);
        expect(new Set(patterns.list().map(({ words }) => words.join(" "))).size).toBe(
          patterns.list().length,
        );
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
    for (const part of ["a1", "1.", "0x", "a.", "a/", "a=", " ", "jan "])
      isValue(maskedWords(part.repeat(200_000)).join(""));
    for (const part of ["a.", "a/", "a=", "=/", "./"]) isValue(part.repeat(200_000));
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

test("a pattern's search finds its lines by what stays the same, or leaves them out", () => {
  const words = 'accepted "password" for <*> from <*> port'.split(" ");
  expect(patternQuery({ words }, false)).toBe(String.raw`"accepted \"password\" for" "from" "port"`);
  expect(patternQuery({ words }, true)).toBe(
    String.raw`NOT ("accepted \"password\" for" AND "from" AND "port")`,
  );
  // Only whole words can be searched for: `12ms` is one.
  expect(patternQuery({ words: "took <*>ms for uid=<*> blk_<*>".split(" ") }, false)).toBe(
    '"for uid=" "took"',
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
