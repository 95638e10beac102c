import type { DeadLetterFilter } from "../lib/rules/dead-letters/replay-request.ts";
import { type LetterState, noStates, type StateCounts } from "../lib/rules/dead-letters/letter-state.ts";
import { letterStandings, type LetterStandingsDeps } from "./digest-dead-letters/letter-standings.ts";
import { readDeadLetters, type ReadDeadLettersDeps } from "./replay-dead-letters/read-dead-letters.ts";

/** What became of letters. */
export interface LettersLeft {
  readonly states: StateCounts;
  readonly statesProblems: readonly string[];
  /** Resolved letters by the index that has their records, the most first. */
  readonly byIndex: readonly { readonly index: string; readonly letters: number }[];
  /** False if there may be letters that were not read. */
  readonly complete: boolean;
}

/** Reads letters again and looks up which index has the record of each. Reads about `newest` of them at most. */
export async function lettersLeft(
  input: { readonly deadLetterTopic: string; readonly filter: DeadLetterFilter; readonly newest: number },
  deps: Omit<ReadDeadLettersDeps, "onProgress"> & Pick<LetterStandingsDeps, "findHolders" | "sentTo">,
): Promise<LettersLeft> {
  const standings = letterStandings(deps);
  const states: Record<LetterState, number> = { ...noStates };
  const held = new Map<string, number>();
  const { complete } = await readDeadLetters(
    { topic: input.deadLetterTopic, filter: input.filter, newest: input.newest },
    { ...deps, onProgress: () => {} },
    async (letters) => {
      for (const { state, heldBy } of await standings.of(letters)) {
        states[state] += 1;
        if (heldBy !== null) held.set(heldBy, (held.get(heldBy) ?? 0) + 1);
      }
    },
  );
  const unread =
    deps.deadline?.aborted === true
      ? "there was no time to read all letters"
      : `of the letters of all groups, only about the newest ${input.newest} were read`;
  return {
    states,
    statesProblems: [...standings.problems(), ...(complete ? [] : [unread])],
    byIndex: [...held]
      .map(([index, letters]) => ({ index, letters }))
      .toSorted((a, b) => b.letters - a.letters),
    complete,
  };
}
