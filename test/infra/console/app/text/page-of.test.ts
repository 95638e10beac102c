import { expect, test } from "bun:test";
import { pageOf } from "../../../../../infra/console/app/text/page-of.ts";

const all = Array.from({ length: 250 }, (_, n) => n);

test("a page is a hundred rows; the last one is what is left", () => {
  expect(pageOf(all, null)).toEqual({ rows: all.slice(0, 100), page: 1, pages: 3 });
  expect(pageOf(all, "3")).toEqual({ rows: all.slice(200), page: 3, pages: 3 });
});

test("a page that is not there is the last one, what is no page is the first", () => {
  expect(pageOf(all, "99").page).toBe(3);
  for (const asked of ["0", "-1", "1.5", "x", ""]) expect(pageOf(all, asked).page).toBe(1);
  expect(pageOf([], "2")).toEqual({ rows: [], page: 1, pages: 1 });
});
