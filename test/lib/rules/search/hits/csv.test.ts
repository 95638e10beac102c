import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { csvRow } from "../../../../../lib/rules/search/hits/csv.ts";

test.each([
  [["a", "", "c"], '"a","","c"'],
  [['say "hi"', "a,b", "x\ny", "x;y"], '"say ""hi""","a,b","x\ny","x;y"'],
  [["=1+1", "+1", "-1", "@a", "\tx", "\rx"], `"'=1+1","'+1","'-1","'@a","'\tx","'\rx"`],
  [[";=1+1", "＝1+1", " =1+1", "\u200b=1", "，"], `"';=1+1","'＝1+1","' =1+1","'\u200b=1","，"`],
  [['=HYPERLINK("x")'], '"\'=HYPERLINK(""x"")"'],
])("%j is %j", (cells, row) => {
  expect(csvRow(cells)).toBe(`${row}\r\n`);
});

test("every cell can be read back, whatever the reader's separator, and none begins a formula", () => {
  const cell = fc.string({
    unit: fc.oneof(fc.constantFrom("=", "＝", ";", ",", "\t", '"', "\n", " "), fc.string()),
  });
  fc.assert(
    fc.property(fc.array(cell, { minLength: 1 }), (cells) => {
      const read = [...csvRow(cells).matchAll(/"((?:[^"]|"")*)"(?:,|\r\n$)/g)].map(([, text = ""]) =>
        text.replaceAll('""', '"'),
      );
      expect(read.map((text) => text.replace(/^'/, ""))).toEqual(cells.map((text) => text.replace(/^'/, "")));
      for (const text of read) expect(text).not.toMatch(/^[\s;]*[=＝+@-]/);
    }),
  );
});
