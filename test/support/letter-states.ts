import { noStates } from "../../lib/rules/dead-letters/letter-state.ts";

/** Members of a digest that counted no letter. */
export const noLetterStates = { states: noStates, statesProblems: [] };

/** Members of a group of letters of which no index has any record. */
export function allOpen(count: number) {
  return { count, states: { ...noStates, open: count } };
}
