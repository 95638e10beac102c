import type { TryMendingDeps } from "../../functions/mend-letters.ts";
import type { Proposal } from "../../lib/rules/mending/proposal.ts";

/** The first of every group's proposals. */
export const asItIs: Proposal = {
  id: "as-it-is",
  title: "Replay as it is now",
  change: "Nothing.",
  costs: [],
  request: null,
  index: null,
  declare: false,
};

/** Letters are read at once, and nothing ends before the signal. */
export const untimed = (signal: AbortSignal) =>
  ({
    signal,
    readLetters: (read) => read(signal),
    topicDeadline: () => signal,
    trialDeadline: signal,
    now: () => 5,
  }) satisfies Partial<TryMendingDeps>;
