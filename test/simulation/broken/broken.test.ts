import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { simulate } from "../runner.ts";
import { breakSource } from "./break-source.ts";
import { variants } from "./variants.ts";

const SEEDS = 4_000;
/** Some seconds on an idle processor. */
const LIMIT_MS = 1_200_000;
const root = join(import.meta.dir, "../../..");

test("there are enough of them, each with a unique name", () => {
  expect(variants.length).toBeGreaterThanOrEqual(12);
  expect(new Set(variants.map(({ name }) => name)).size).toBe(variants.length);
});

describe("the simulation notices within a limited number of seeds that the source", () => {
  test.each(variants.map((variant) => [variant.name, variant] as const))(
    "%s",
    async (name, variant) => {
      for (const file of new Set(variant.edits.map(({ file }) => file))) {
        const text = await Bun.file(join(root, file)).text();
        expect(breakSource(text, file, variant)).not.toBe(text);
      }
      const noticing = async (from: number, seeds: number) =>
        (await simulate({ from, seeds, stopAtFirst: true, broken: name })).failures[0];
      expect(variant.noticedAt).toBeLessThanOrEqual(SEEDS);
      const first = (await noticing(variant.noticedAt, 1)) ?? (await noticing(1, SEEDS));
      process.stdout.write(
        `${name}: ${first === undefined ? "not noticed" : `noticed by seed ${first.seed}: ${first.violation}`}\n`,
      );
      expect(first).toBeDefined();
    },
    LIMIT_MS,
  );
});

test("the text to break occurs in the source exactly once, or the variant says that it must follow", () => {
  const variant = { name: "v", edits: [{ file: "a.ts", find: "one", replace: "two" }] };
  expect(breakSource("one", "a.ts", variant)).toBe("two");
  expect(() => breakSource("other", "a.ts", variant)).toThrow("0 times, not once: one");
  expect(() => breakSource("one one", "a.ts", variant)).toThrow("2 times");
  expect(breakSource("one", "b.ts", variant)).toBe("one");
});
