import { expect } from "bun:test";
import type { SceneResult } from "./scene.ts";

/** Every record exists once, and no commit was ahead of its outcomes, in enough samples to be meaningful. */
export function expectExactlyOnce({ row, truths, problems, gone, samples }: SceneResult): void {
  expect({
    problems: problems.slice(0, 5),
    topics: truths.map(({ topic, missing, doubled, lostNumbers }) => ({
      topic,
      missing: missing.slice(0, 10),
      doubled: doubled.slice(0, 10),
      // Numbers cannot show what was deleted with Elasticsearch's data; offsets can.
      lostNumbers: gone > 0 ? 0 : lostNumbers,
    })),
    lost: row.lost,
    doubled: row.doubled,
  }).toEqual({
    problems: [],
    topics: truths.map(({ topic }) => ({ topic, missing: [], doubled: [], lostNumbers: 0 })),
    lost: 0,
    doubled: 0,
  });
  expect(row.commits).toBeGreaterThan(0);
  expect(samples).toBeGreaterThan(0);
}
