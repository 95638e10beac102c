import { expect, test } from "bun:test";
import { csvRow } from "../../../../lib/rules/search/csv.ts";

test.each([
  [["a", "", "c"], "a,,c"],
  [['say "hi"', "a,b", "x\ny", "x\ry"], '"say ""hi""","a,b","x\ny","x\ry"'],
  [["=1+1", "+1", "-1", "@a", "\tx", "\rx"], "'=1+1,'+1,'-1,'@a,'\tx,\"'\rx\""],
  [['=HYPERLINK("x")'], '"\'=HYPERLINK(""x"")"'],
])("%j is %j", (cells, row) => {
  expect(csvRow(cells)).toBe(`${row}\r\n`);
});
