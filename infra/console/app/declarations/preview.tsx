import { useState } from "hono/jsx/dom";
import { Hostile } from "../components/hostile.tsx";
import { Notice } from "../components/notice.tsx";
import { PlanView } from "../plan/plan-view.tsx";
import { readOnlyId, useReadOnly } from "../components/read-only.tsx";
import { effectOf } from "../plan/plan-rows.ts";
import { StopDialog } from "../plan/stop-dialog.tsx";
import { DiffView } from "./diff/diff-view.tsx";
import type { PreviewAnswer } from "./use-edit.ts";

/** What saving would make of the key, and what the host would then do. */
export function Preview({
  preview,
  action,
  current,
  lost,
  saving,
  onSave,
}: {
  readonly preview: PreviewAnswer;
  readonly action: "add" | "change" | "remove";
  /** False: the form says something else by now. */
  readonly current: boolean;
  /** True: the key is another by now, which the form's side says. */
  readonly lost: boolean;
  readonly saving: boolean;
  readonly onSave: () => void;
}) {
  const [asking, setAsking] = useState(false);
  const readOnly = useReadOnly();
  const { key, revision, before, after, plan, conflicts } = preview;
  const label = action === "remove" ? "Remove from etcd" : "Save to etcd";
  if (preview.action === "unchanged") {
    return (
      <Notice kind="info">
        Nothing to save: key <Hostile text={key} /> says exactly this already.
      </Notice>
    );
  }
  // One that stops is told beside the form; many at once are worth a question.
  const asks = plan.stop.length > 1;
  return (
    <>
      {current ? null : (
        <Notice kind="warning">The form was changed since. Preview again before you save.</Notice>
      )}
      {action === "add" && preview.action === "replaced" ? (
        <Notice kind="warning">The key declares this already: its entry is replaced.</Notice>
      ) : null}
      <h3>
        Key <Hostile text={key} />, {revision === 0 ? "a new key" : `now revision ${revision}`}
      </h3>
      <DiffView before={before} after={after} label="Change of the key's text" />
      <h3>What the host would do</h3>
      <PlanView plan={plan} conflicts={conflicts} about={key} />
      <button
        type="button"
        class={action === "remove" ? "danger" : "primary"}
        disabled={saving || lost || !current || readOnly}
        aria-describedby={readOnly ? readOnlyId : undefined}
        onClick={() => (asks ? setAsking(true) : onSave())}
      >
        {saving ? "Saving…" : label}
      </button>
      {asking ? (
        <StopDialog
          plan={plan}
          action={`${label}: ${effectOf(plan)}`}
          onConfirm={() => {
            setAsking(false);
            onSave();
          }}
          onClose={() => setAsking(false)}
        />
      ) : null}
    </>
  );
}
