import type { SeenState } from "../../../../lib/rules/progress/status.ts";

/** A shape and a word besides the colour, so that states can be told apart without colours. */
const shapes: Readonly<Record<Exclude<SeenState, "retrying">, string>> = {
  running: "M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13M5 8.2l2.1 2.1L11 6.2",
  starting: "M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13M8 4v4h4",
  pending: "M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13",
  held: "M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13M6.3 5.5v5M9.7 5.5v5",
  stalled: "M8 1.8L15 14H1zM8 6.2v3.6M8 11.6v.6",
  stopping: "M2.5 2.5h11v11h-11z",
  failed: "M5.3 1.5h5.4l3.8 3.8v5.4l-3.8 3.8H5.3l-3.8-3.8V5.3zM5.7 5.7l4.6 4.6M10.3 5.7l-4.6 4.6",
};

export function StateLabel({ state }: { readonly state: SeenState }) {
  const look = state === "retrying" ? "stalled" : state;
  return (
    <span class={`state ${look}`}>
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <path d={shapes[look]} />
      </svg>
      {state}
    </span>
  );
}

const checkStates = {
  ok: { look: "running", words: " works" },
  doubtful: { look: "stalled", words: " works, but not for all topics" },
  bad: { look: "failed", words: " does not work" },
} as const;

/** The state of a health check. */
export function CheckLabel({
  state,
  children,
}: {
  readonly state: keyof typeof checkStates;
  readonly children: string;
}) {
  const { look, words } = checkStates[state];
  return (
    <span class={`state ${look}`}>
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <path d={shapes[look]} />
      </svg>
      {children}
      <span class="unseen">{words}</span>
    </span>
  );
}
