import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { assemble, parsePart, readParts } from "../../../infra/patches/assemble.ts";
import { patchedDependencies } from "../../../package.json";
import { rejection } from "../../support/rejection.ts";

const root = join(import.meta.dir, "../../..");
const installed = join(root, "node_modules/kafkajs");
const whole = await Bun.file(join(root, patchedDependencies["kafkajs@2.2.4"])).text();
const parts = await readParts(join(root, "infra/patches/kafkajs"));

describe("the patch of kafkajs", () => {
  test("is the result of its parts, applied in order", async () => {
    expect(parts.length).toBeGreaterThan(5);
    expect(await assemble(installed, whole, parts)).toBe(whole);
  });

  test("is the installed one: another patch cannot be reverted there", async () => {
    const error = await rejection(
      assemble(installed, whole.replace("+const NO_BYTES", "+const NO_BYTE"), parts),
    );
    expect(error).toMatchObject({ message: expect.stringContaining("does not apply") });
  });

  test.each(parts)("$name names existing tests", async ({ tests }) => {
    const there = await Promise.all(tests.map((path) => Bun.file(join(root, path)).exists()));
    expect(tests.filter((_, at) => there[at] !== true)).toEqual([]);
  });

  test("names the part that does not apply", async () => {
    const [first, second] = parts;
    if (first === undefined || second === undefined) throw new Error("there are no parts");
    // The same part a second time has nothing to change.
    const error = await rejection(assemble(installed, whole, [first, { ...first, name: "again" }, second]));
    expect(error).toMatchObject({ message: "again does not apply" });
  });

  test("marks each of its changes in the source", async () => {
    const unmarked = whole
      .split(/^(?=diff --git )/m)
      .filter((file) => !/^\+.*penstock/m.test(file))
      .map((file) => /^diff --git a\/(\S+)/.exec(file)?.[1]);
    // One line each, that hands `links` on.
    expect(unmarked).toEqual(["src/cluster/index.js", "src/index.js"]);
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
