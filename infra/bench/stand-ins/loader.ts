// `bun infra/bench/stand-ins/loader.ts --node URL --index NAME --records N --seed N --at-once N`: the ceiling. Only sends prepared
// bulk bodies. Prints its CPU seconds without the preparation.
import { parseArgs } from "node:util";
import { costOf } from "../kit/process-cost.ts";
import { readyBodies, sendBodies } from "./ready-bodies.ts";

const { values } = parseArgs({
  options: {
    node: { type: "string", default: "" },
    index: { type: "string", default: "" },
    records: { type: "string", default: "" },
    seed: { type: "string", default: "" },
    "at-once": { type: "string", default: "" },
  },
});
const { node, index, records, seed } = values;
const bodies = readyBodies({ index, records: Number(records), format: "text", seed: Number(seed) });
const before = costOf(process.pid).cpuSeconds;
await sendBodies(node, bodies, Number(values["at-once"]));
const cpuSeconds = costOf(process.pid).cpuSeconds - before;
process.stdout.write(`${JSON.stringify({ cpuSeconds })}\n`);
