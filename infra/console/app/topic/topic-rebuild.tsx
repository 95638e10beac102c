import { useRef, useState } from "../hooks/hooks.ts";
import { durationText } from "../../../../lib/rules/base/units.ts";
import type { RebuildAction, RebuildTopicResult } from "../../../../functions/rebuild-topic.ts";
import { progressText, type RebuildStatus } from "../../../../lib/rules/rebuild/rebuild-status.ts";
import { Hostile } from "../components/hostile.tsx";
import type { NoticeKind } from "../components/notice.tsx";
import { readOnlyId, useReadOnly } from "../components/read-only.tsx";
import { Time } from "../components/times.tsx";
import { ask } from "../state/api.ts";
import { exactCount } from "../text/format.ts";
import { Problem } from "../parts/problem.tsx";

/** Longer than a host waits for the last records before a swap. */
const STEER_MS = 100_000;

/** The topic's rebuild into another index: how far it is, and what can be done with it. */
export function TopicRebuild({
  topic,
  rebuild,
}: {
  readonly topic: string;
  readonly rebuild: RebuildStatus | null;
}) {
  const [said, say] = useState<{ readonly kind: NoticeKind; readonly text: string } | null>(null);
  const [isBusy, setBusy] = useState(false);
  const isReadOnly = useReadOnly();
  const steer = async (body: { readonly index: string } | { readonly action: RebuildAction }) => {
    setBusy(true);
    say(null);
    try {
      const path = `/topics/${encodeURIComponent(topic)}/rebuild`;
      const { message } = await ask<RebuildTopicResult>(path, {
        method: "POST",
        body: { ...body, by: "console" },
        timeoutMs: STEER_MS,
      });
      say({ kind: "ok", text: message });
    } catch (thrown) {
      say({ kind: "bad", text: thrown instanceof Error ? thrown.message : String(thrown) });
    } finally {
      setBusy(false);
    }
  };
  const disabled = isBusy || isReadOnly;
  const act = (action: RebuildAction) => void steer({ action });
  return (
    <section aria-label="Rebuild">
      {rebuild === null ? (
        <Begin disabled={disabled} onBegin={(index) => void steer({ index })} />
      ) : (
        <>
          <h2>
            Rebuild into <Hostile text={rebuild.index} />
          </h2>
          <Progress rebuild={rebuild} />
          <div class="bar">
            {stepsOf(rebuild).map(({ action, text, primary }) => (
              <button
                key={action}
                type="button"
                class={primary ? "primary" : ""}
                disabled={disabled}
                aria-describedby={isReadOnly ? readOnlyId : undefined}
                onClick={() => act(action)}
              >
                {text}
              </button>
            ))}
            {isBusy ? <span class="muted">Waiting for the hosts…</span> : null}
          </div>
        </>
      )}
      {said === null ? null : <Problem {...said} alert />}
    </section>
  );
}

function Begin({
  disabled,
  onBegin,
}: {
  readonly disabled: boolean;
  readonly onBegin: (index: string) => void;
}) {
  const index = useRef<HTMLInputElement>(null);
  return (
    <details>
      <summary>Rebuild into another index</summary>
      <p class="muted">
        Reads the topic from its start into a new index with today’s template and declaration, beside the live
        one. Nothing is swapped until you say so.
      </p>
      <form
        class="bar"
        onSubmit={(event: Event) => {
          event.preventDefault();
          onBegin(index.current?.value.trim() ?? "");
        }}
      >
        <label>
          New index <input ref={index} required autocomplete="off" spellcheck={false} />
        </label>
        <button type="submit" disabled={disabled}>
          Rebuild
        </button>
      </form>
    </details>
  );
}

function Progress({ rebuild }: { readonly rebuild: RebuildStatus }) {
  const { state, reason, old, alias, by, since, done, total, rate, secondsLeft, counts, lost } = rebuild;
  const isRunning = state === "running";
  return (
    <>
      <p>
        <strong>{state}</strong>: {progressText(rebuild)}
        {isRunning && rate !== null ? `, ${exactCount(rate)} a second` : ""}
        {secondsLeft === null ? "" : `, ${durationText(secondsLeft * 1_000)} left`}. By <Hostile text={by} />{" "}
        since <Time at={Date.parse(since)} />, beside <Hostile text={old} />
        {alias === null ? "" : " behind alias "}
        {alias === null ? null : <Hostile text={alias} />}.
      </p>
      <label class="progress">
        <progress max={Math.max(total ?? 1, 1)} value={total === 0 ? 1 : done} />{" "}
        <span class="muted">
          {exactCount(counts.indexed)} indexed, {exactCount(counts.duplicate)} duplicate,{" "}
          {exactCount(counts.deadLettered)} dead-lettered, {exactCount(counts.skipped)} skipped
          {lost > 0 ? `, ${exactCount(lost)} deleted by Kafka before they were read` : ""}
        </span>
      </label>
      <Problem kind={state === "failed" ? "bad" : "warning"} text={reason} />
    </>
  );
}

interface Step {
  readonly action: RebuildAction;
  readonly text: string;
  readonly primary: boolean;
}

const cancel: Step = { action: "cancel", text: "Cancel the rebuild", primary: false };

/** What can be done in this state. */
function stepsOf({ state, index, old }: RebuildStatus): readonly Step[] {
  const pause: Step = { action: "pause", text: "Pause", primary: false };
  switch (state) {
    case "running":
      return [pause, cancel];
    case "paused":
      return [{ action: "resume", text: "Resume", primary: true }, cancel];
    case "caught up":
      return [
        { action: "swap", text: `Swap: ${index} becomes the live index`, primary: true },
        pause,
        cancel,
      ];
    case "swapped":
      return [
        { action: "finish", text: `Finish: write only ${index}`, primary: true },
        { action: "back", text: `Back to ${old}`, primary: false },
      ];
    case "failed":
      return [cancel];
  }
}
