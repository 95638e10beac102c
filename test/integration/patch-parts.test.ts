// Runs git several times over a copy of the package.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { assemble, readParts } from "../../infra/patches/assemble.ts";
import { patchedDependencies } from "../../package.json";
import { rejection } from "../support/rejection.ts";

const root = join(import.meta.dir, "../..");
const installed = join(root, "node_modules/kafkajs");
const whole = await Bun.file(join(root, patchedDependencies["kafkajs@2.2.4"])).text();
const parts = await readParts(join(root, "infra/patches/kafkajs"));

test("the patch of kafkajs is the result of its parts, applied in order", async () => {
  expect(parts.length).toBeGreaterThan(5);
  expect(await assemble(installed, whole, parts)).toBe(whole);
});

test("the installed patch is this one: another cannot be reverted there", async () => {
  const error = await rejection(
    assemble(installed, whole.replace("+const NO_BYTES", "+const NO_BYTE"), parts),
  );
  expect(error).toMatchObject({ message: expect.stringContaining("does not apply") });
});

test("the part that does not apply is named", async () => {
  const [first, second] = parts;
  if (first === undefined || second === undefined) throw new Error("there are no parts");
  // The same part a second time has nothing to change.
  const error = await rejection(assemble(installed, whole, [first, { ...first, name: "again" }, second]));
  expect(error).toMatchObject({ message: "again does not apply" });
});
