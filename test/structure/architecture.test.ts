import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { Glob } from "bun";
import { codeIn, readTop, tableUnder, top } from "../support/markdown.ts";

/** ARCHITECTURE.md says what the tree is. */

const document = readTop("ARCHITECTURE.md");
const files = [...new Glob("{lib,functions,infra}/**").scanSync({ cwd: top, dot: true })].filter(
  (path) => !path.includes("node_modules"),
);

/** `a{,/b}` stands for `a` and `a/b`. */
function expand(pattern: string): string[] {
  const [, before = "", choices, after = ""] = /^(.*?)\{([^}]*)\}(.*)$/.exec(pattern) ?? [];
  if (choices === undefined) return [pattern];
  return choices.split(",").flatMap((choice) => expand(`${before}${choice}${after}`));
}

test("it can be read in one go", () => {
  expect(document.split("\n").length).toBeLessThanOrEqual(311);
});

test("every folder with files has one row in the table of folders", () => {
  const named = tableUnder(document, "## Folders").flatMap(([folder]) => codeIn(folder).flatMap(expand));
  const folders = new Set(files.map((path) => dirname(path)));
  // It holds folders alone.
  folders.add("infra/deploy/kubernetes");
  expect(named.toSorted()).toEqual([...folders].toSorted());
});

test("every question names files that are there", () => {
  const rows = tableUnder(document, "## Where is it decided?");
  const missing = rows.filter(([, answer]) => {
    const paths = codeIn(answer);
    return paths.length === 0 || !paths.every((path) => existsSync(join(top, path)));
  });
  expect(missing).toEqual([]);
  expect(rows.length).toBeGreaterThanOrEqual(25);
});

test("every invariant names tests that are there", () => {
  const rows = tableUnder(document, "## Invariants");
  const missing = rows.filter(([, , tests]) => {
    const paths = codeIn(tests);
    return paths.length === 0 || !paths.every((path) => existsSync(join(top, path)));
  });
  expect(missing).toEqual([]);
  expect(rows.map(([number]) => number)).toEqual(rows.map((_, at) => String(at + 1)));
});

describe("the table of layers", () => {
  const layers = new Map(
    tableUnder(document, "## Layers").map(([layer, , imports]) => [codeIn(layer)[0] ?? "", codeIn(imports)]),
  );
  const layerOf = (path: string): string | undefined =>
    [...layers.keys()].find((layer) => path.startsWith(`${layer}/`));
  const arrows = files
    .filter((path) => /\.tsx?$/.test(path) && layerOf(path) !== undefined)
    .flatMap((path) =>
      [...readTop(path).matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(([, specifier = ""]) => ({
        from: layerOf(path) ?? path,
        to: layerOf(relative(top, join(top, dirname(path), specifier))) ?? specifier,
      })),
    )
    .filter(({ from, to }) => from !== to && !to.endsWith("package.json"));

  test("allows what the code imports", () => {
    expect(arrows.filter(({ from, to }) => layers.get(from)?.includes(to) !== true)).toEqual([]);
  });

  test("allows nothing that the code does not import", () => {
    const used = new Set(arrows.map(({ from, to }) => `${from} -> ${to}`));
    const allowed = [...layers].flatMap(([from, imports]) => imports.map((to) => `${from} -> ${to}`));
    expect(allowed.filter((arrow) => !used.has(arrow))).toEqual([]);
  });
});
