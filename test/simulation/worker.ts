// One process of many that run seeds: told the first seed, the step to the next, where to end, and whether to end at a failure.
import { runSeed } from "./run-seed.ts";
import type { WorkerLine } from "./runner.ts";
import { addTallies, nothing } from "./tally.ts";

const [first = 0, step = 1, end = 1, stopAtFirst = 0] = process.argv.slice(2).map(Number);

const say = (line: WorkerLine): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

let tally = nothing;
for (let seed = first; seed < end; seed += step) {
  const run = runSeed(seed, { told: false });
  tally = addTallies([tally, run.tally]);
  if (run.violation === null) continue;
  say({ kind: "failure", seed, violation: run.violation });
  if (stopAtFirst === 1) break;
}
say({ kind: "end", tally });
