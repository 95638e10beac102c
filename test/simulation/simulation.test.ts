import { expect, test } from "bun:test";
import { join } from "node:path";
import { runSeed } from "./run-seed.ts";
import { BROKEN_VARIABLE, simulate } from "./runner.ts";
import { tallyText } from "./tally.ts";

const SEEDS = 2_000;
/** About half a minute on two idle cores; other tests slow it down. */
const LIMIT_MS = 1_200_000;
const STORY_LINES = 60;

test(
  `${SEEDS} seeds: nothing happens that must not, and everything gets its outcome`,
  async () => {
    const { tally, failures } = await simulate({ from: 1, seeds: SEEDS, stopAtFirst: false, broken: null });
    process.stdout.write(tallyText(tally, failures.length));
    const [first] = failures;
    if (first !== undefined) {
      const { story } = runSeed(first.seed, { told: true });
      process.stdout.write(`${story.slice(-STORY_LINES).join("\n")}\n`);
    }
    expect(failures).toEqual([]);
    expect(tally.seeds).toBe(SEEDS);
  },
  LIMIT_MS,
);

test("a seed tells the same story every time, whatever ran before it", () => {
  const seeds = [3, 77, 1_234];
  const tell = (seed: number): readonly string[] => runSeed(seed, { told: true }).story;
  const first = seeds.map(tell);
  const again = seeds.toReversed().map(tell).toReversed();
  for (const [at, story] of first.entries()) {
    expect(story.length).toBeGreaterThan(100);
    expect(again[at]).toEqual(story);
  }
});

test("a seed run without its story takes the same course", () => {
  for (const seed of [5, 6, 7]) {
    const [told, untold] = [true, false].map((told) => runSeed(seed, { told }));
    expect(untold?.tally).toEqual(told?.tally);
    expect(untold?.violation).toBe(told?.violation ?? null);
  }
});

/** @param broken a variant to load instead of the source */
async function command(words: readonly string[], broken: string | null = null) {
  const preload = broken === null ? [] : ["--preload", join(import.meta.dir, "broken/preload.ts")];
  const child = Bun.spawn([process.execPath, ...preload, join(import.meta.dir, "main.ts"), ...words], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...(broken === null ? {} : { [BROKEN_VARIABLE]: broken }) },
  });
  const [out, error] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { code: await child.exited, out, error };
}

test("the command says how many seeds were run, and reports wrong usage", async () => {
  const run = await command(["--seeds", "3", "--from", "8"]);
  expect(run.out).toContain("3 seeds, ");
  expect(run.code).toBe(0);
  const misused = await command(["--seed", "3", "--seeds", "2"]);
  expect(misused.error).toContain("--seed runs one seed");
  expect(misused.code).toBe(2);
});

test("a failing seed tells its story up to the violation, and the faults before", async () => {
  const { code, out } = await command(["--seed", "1"], "commits what was fetched and has no outcome yet");
  expect(code).toBe(1);
  const lines = out.trim().split("\n");
  expect(lines.at(-1)).toMatch(/^seed 1: commit of .* has no outcome$/);
  expect(lines.findLast((line) => line.includes("VIOLATION"))).toContain("has no outcome");
  expect(lines.some((line) => line.startsWith("active faults: "))).toBe(true);
});
