// Loaded by `bun run test:unit`: properties are held against fewer cases than in the whole suite, and sizes are smaller (rounds.ts).
import { configureGlobal } from "fast-check";

const CASES = 25;

process.env["PENSTOCK_QUICK"] = "1";
configureGlobal({ numRuns: CASES });
