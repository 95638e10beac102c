import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { lineDiff, type DiffLine } from "../../../../../../infra/console/app/declarations/diff/line-diff.ts";

const shown = (lines: readonly DiffLine[]): string[] =>
  lines.map((line) =>
    line.kind === "gap"
      ? `… ${line.count}`
      : `${{ same: " ", removed: "-", added: "+" }[line.kind]}${line.text}`,
  );
const list = (...lines: string[]): string => lines.join("\n");

describe("the difference of two texts", () => {
  test("lines that stay, go and come", () => {
    const [before, after] = [list("[", "a,", "b", "]"), list("[", "a,", "c", "]")];
    expect(shown(lineDiff(before, after))).toEqual([" [", " a,", "-b", "+c", " ]"]);
  });

  test("a new key is all added, one that is gone all removed", () => {
    expect(shown(lineDiff(null, "[\n1\n]"))).toEqual(["+[", "+1", "+]"]);
    expect(shown(lineDiff("[\n1\n]", null))).toEqual(["-[", "-1", "-]"]);
    expect(lineDiff(null, null)).toEqual([]);
  });

  test("a new entry does not change its neighbour, whose comma it needs", () => {
    const [one, two] = ['{"topic":"a"}', '{"topic":"b"}'];
    expect(
      shown(lineDiff(`[${one}]`, `[${one},${two}]`)).filter((line) => !line.startsWith(" ")),
    ).toHaveLength(1);
    const written = (entries: string[]): string => list("[", entries.join(",\n"), "]");
    expect(shown(lineDiff(written([one]), written([one, two])))).toEqual([" [", ` ${one},`, `+${two}`, " ]"]);
    // In a text that is no JSON, a comma may be what was mended.
    expect(shown(lineDiff(list("[", "1", "2", "]"), list("[", "1,", "2", "]")))).toContain("+1,");
  });

  test("three lines around a change are shown, the others counted", () => {
    const lines = Array.from({ length: 100 }, (_, n) => `line ${n}`);
    const after = lines.with(50, "changed");
    expect(shown(lineDiff(list(...lines), list(...after)))).toEqual([
      "… 47",
      " line 47",
      " line 48",
      " line 49",
      "-line 50",
      "+changed",
      " line 51",
      " line 52",
      " line 53",
      "… 46",
    ]);
  });

  test("a list in one line is compared entry by entry", () => {
    const before = '[{"topic":"a, ]","x":[1,2]}, {"topic":"b"}]';
    const after = '[{"topic":"a, ]","x":[1,2]}, {"topic":"c"}]';
    expect(shown(lineDiff(before, after))).toEqual([
      " [",
      '   {"topic":"a, ]","x":[1,2]},',
      '-  {"topic":"b"}',
      '+  {"topic":"c"}',
      " ]",
    ]);
  });

  test("what is no list, or one entry, stays as it is", () => {
    expect(shown(lineDiff("{not, json", "[]"))).toEqual(["-{not, json", "+[]"]);
    expect(shown(lineDiff('["a"]', "[]"))).toEqual(['-["a"]', "+[]"]);
  });

  test("two long texts without a common line count as changed, without comparing every pair", () => {
    const many = (word: string) => list(...Array.from({ length: 5_000 }, (_, n) => `${word} ${n}`));
    const lines = lineDiff(many("a"), many("b"));
    expect(lines.length).toBe(10_000);
    expect(lines.filter(({ kind }) => kind === "removed").length).toBe(5_000);
  });

  test("either side can be read off what is neither added nor removed", () => {
    const side = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(side, side, (before, after) => {
        const lines = lineDiff(list(...before), list(...after));
        const without = (kind: "added" | "removed") =>
          lines.flatMap((line) => (line.kind === "gap" || line.kind === kind ? [] : [line.text]));
        // So short a text has no gaps but around equal ones.
        if (lines.some(({ kind }) => kind === "gap")) return;
        expect(without("added")).toEqual(before);
        expect(without("removed")).toEqual(after);
      }),
    );
  });
});
