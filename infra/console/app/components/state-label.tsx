import type { TopicState } from "../../../../lib/rules/progress/status.ts";

/** A shape and a word besides the colour, so that states can be told apart without colours. */
const shapes: Readonly<Record<TopicState, string>> = {
  running: "M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13M5 8.2l2.1 2.1L11 6.2",
  starting: "M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13M8 4v4h4",
  pending: "M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13",
  held: "M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13M6.3 5.5v5M9.7 5.5v5",
  stalled: "M8 1.8L15 14H1zM8 6.2v3.6M8 11.6v.6",
  stopping: "M2.5 2.5h11v11h-11z",
  failed: "M5.3 1.5h5.4l3.8 3.8v5.4l-3.8 3.8H5.3l-3.8-3.8V5.3zM5.7 5.7l4.6 4.6M10.3 5.7l-4.6 4.6",
};

/** @param inVain its records are refused: a running topic is then shown as what it does, retrying */
export function StateLabel({
  state,
  inVain = false,
}: {
  readonly state: TopicState;
  readonly inVain?: boolean;
}) {
  const isRetrying = state === "running" && inVain;
  const look = isRetrying ? "stalled" : state;
  return (
    <span class={`state ${look}`}>
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <path d={shapes[look]} />
      </svg>
      {isRetrying ? "retrying" : state}
    </span>
  );
}

/** The state of a health check. */
export function CheckLabel({ ok, children }: { readonly ok: boolean; readonly children: string }) {
  return (
    <span class={`state ${ok ? "running" : "failed"}`}>
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <path d={ok ? shapes.running : shapes.failed} />
      </svg>
      {children}
      <span class="unseen">{ok ? " works" : " does not work"}</span>
    </span>
  );
}
