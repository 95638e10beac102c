import type { ReplayProgress, ReplayResult } from "../../functions/replay-dead-letters.ts";

/** A replay that was asked for, as HTTP shows it. Times in ISO 8601. */
export interface ReplayJob {
  readonly id: string;
  readonly state: "running" | "done" | "failed";
  readonly request: {
    readonly topic: string | null;
    readonly error: string | null;
    readonly since: string | null;
    readonly index: string | null;
    readonly dryRun: boolean;
  };
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly progress: ReplayProgress;
  /** Null until it is done. */
  readonly result: ReplayResult | null;
  /** Why it failed. What it had brought in by then is in the index, the rest still in the dead-letter topic. */
  readonly error: string | null;
}
