import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { Glob } from "bun";
import { anchorsIn, codeIn, linksIn, readTop, top } from "../support/markdown.ts";

const documents = [...new Glob("**/*.md").scanSync({ cwd: top, dot: true })]
  .filter((path) => !/(^|\/)(node_modules|\.git)\//.test(path))
  .toSorted();

/** @returns the links of a document that lead nowhere */
function deadLinks(path: string, markdown: string): string[] {
  return linksIn(markdown).filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [file = "", anchor] = link.split("#");
    const target = file === "" ? path : join(dirname(path), file);
    if (!existsSync(join(top, target))) return true;
    return anchor !== undefined && !anchorsIn(readTop(target)).has(anchor);
  });
}

describe("links between documents lead somewhere:", () => {
  test.each(documents)("%s", (path) => {
    expect(deadLinks(path, readTop(path))).toEqual([]);
  });

  test("the check sees a dead file and a dead anchor, and leaves code alone", () => {
    const markdown = "[a](LICENSE) [b](gone.md) [c](README.md#nowhere)\n```sh\n[d](e)\n```\n[f](https://g)";
    expect(deadLinks("README.md", markdown)).toEqual(["gone.md", "README.md#nowhere"]);
  });
});

test("every page of the manual is one that README leads to", () => {
  const pages = documents.filter((path) => path.startsWith("infra/manual/"));
  const links = new Set(linksIn(readTop("README.md")).map((link) => link.split("#")[0]));
  expect(pages.filter((page) => !links.has(page))).toEqual([]);
  expect(pages.length).toBeLessThanOrEqual(11);
});

describe("paths that documents name as code are there:", () => {
  test.each(documents.filter((path) => path !== "CHANGELOG.md"))("%s", (path) => {
    const named = codeIn(readTop(path)).filter((code) =>
      /^(lib|functions|infra|test)\/[\w@./-]+$/.test(code),
    );
    expect(named.filter((code) => !code.includes("NAME") && !existsSync(join(top, code)))).toEqual([]);
  });
});
