import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { parsePart, readParts } from "../../../infra/patches/assemble.ts";
import { patchedDependencies } from "../../../package.json";

const root = join(import.meta.dir, "../../..");
const whole = await Bun.file(join(root, patchedDependencies["kafkajs@2.2.4"])).text();
const parts = await readParts(join(root, "infra/patches/kafkajs"));

describe("the patch of kafkajs", () => {
  test.each(parts)("$name names existing tests", async ({ tests }) => {
    const there = await Promise.all(tests.map((path) => Bun.file(join(root, path)).exists()));
    expect(tests.filter((_, at) => there[at] !== true)).toEqual([]);
  });

  test("marks each of its changes in the source", async () => {
    const unmarked = whole
      .split(/^(?=diff --git )/m)
      .filter((file) => !/^\+.*penstock/m.test(file))
      .map((file) => /^diff --git a\/(\S+)/.exec(file)?.[1]);
    // One line, that hands `links` on.
    expect(unmarked).toEqual(["src/index.js"]);
  });
});

describe("a part", () => {
  const diff = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n";

  test("has a reason, an upstream issue, tests and changes", () => {
    const text = `It is so.\n\nBecause.\n\nUpstream: #1\nTest: test/a.test.ts\nTest: test/b.test.ts\n\n${diff}`;
    expect(parsePart("01-x.patch", text)).toEqual({
      name: "01-x.patch",
      reason: "It is so.\n\nBecause.",
      upstream: "#1",
      tests: ["test/a.test.ts", "test/b.test.ts"],
      diff,
    });
  });

  test.each([
    ["no reason", `Upstream: #1\nTest: t\n${diff}`, "01-x.patch does not say why"],
    ["no word of upstream", `Why.\nTest: t\n${diff}`, "01-x.patch does not say whether it is known upstream"],
    ["no test", `Why.\nUpstream: #1\n${diff}`, "01-x.patch names no test"],
    ["no change", "Why.\nUpstream: #1\nTest: t\n", "01-x.patch changes nothing"],
  ])("with %s is refused", (_, text, message) => {
    expect(() => parsePart("01-x.patch", text)).toThrow(message);
  });
});
