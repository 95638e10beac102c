import { expect, test } from "bun:test";
import { codeIn, readTop, tableUnder } from "../../support/markdown.ts";

/** infra/host/README.md walks through code that is there. */

const readme = readTop("infra/host/README.md");

test("it takes one screen or two", () => {
  expect(readme.split("\n").length).toBeLessThanOrEqual(61);
});

test.each([
  ["## One record, from fetch to commit", 16],
  ["## One changed declaration, from etcd to records", 12],
])("every step is where the table says: %s", (heading, steps) => {
  const rows = tableUnder(readme, heading);
  const astray = rows.filter(([, file, name]) => {
    const [[path = ""], [found = ""]] = [codeIn(file), codeIn(name)];
    return !new RegExp(`(^|[^\\w])${found}\\b`).test(readTop(path));
  });
  expect(astray).toEqual([]);
  expect(rows.length).toBe(steps);
});

test("the files marked ◆ begin with a table of states", () => {
  const marked = readme
    .split("\n")
    .flatMap((line) => (line.startsWith("| ") && line.includes("◆") ? (codeIn(line)[0] ?? []) : []));
  expect(marked.length).toBe(6);
  expect(marked.filter((path) => !/\| +left by +\||\| command while/.test(readTop(path)))).toEqual([]);
});
