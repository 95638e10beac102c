import type { StateCounts } from "../../../../../lib/rules/dead-letters/letter-state.ts";
import { exactCount } from "../../text/format.ts";

/** `3 are left, 1,140 are in an index`: what is left, first. */
export function StatesText({ states: { open, resolved, unknown } }: { readonly states: StateCounts }) {
  return (
    <>
      <strong>{exactCount(open)} left</strong>
      {resolved === 0 ? "" : `, ${exactCount(resolved)} resolved (an index has their records)`}
      {unknown === 0 ? "" : `, ${exactCount(unknown)} not looked up`}
    </>
  );
}
