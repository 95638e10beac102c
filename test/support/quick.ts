// Loaded by `bun run test:unit`: fewer cases per property than in the whole suite, and smaller sizes (rounds.ts).
import { configureGlobal } from "fast-check";

const CASES = 25;

process.env["PENSTOCK_QUICK"] = "1";
configureGlobal({ numRuns: CASES });
