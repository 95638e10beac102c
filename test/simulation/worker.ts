// One of several processes that run seeds: given the first seed, the step and the end.
import { runSeed } from "./run-seed.ts";
import type { WorkerLine } from "./runner.ts";
import { addTallies, nothing } from "./tally.ts";

const [first = 0, step = 1, end = 1] = process.argv.slice(2).map(Number);

const say = (line: WorkerLine): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

let tally = nothing;
for (let seed = first; seed < end; seed += step) {
  const run = runSeed(seed, { told: false });
  tally = addTallies([tally, run.tally]);
  if (run.violation !== null) say({ kind: "failure", seed, violation: run.violation });
}
say({ kind: "end", tally });
