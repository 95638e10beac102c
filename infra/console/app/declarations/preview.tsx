import { useState } from "../hooks/hooks.ts";
import { whileBusy } from "../state/busy.ts";
import { Hostile } from "../components/hostile.tsx";
import { Notice } from "../components/notice.tsx";
import { PlanView } from "../plan/plan-view.tsx";
import { readOnlyId, useReadOnly } from "../components/read-only.tsx";
import { effectOf } from "../plan/effect.ts";
import { StopDialog } from "../plan/stop-dialog.tsx";
import { DiffView } from "./diff/diff-view.tsx";
import type { EditPreview } from "../../../api/declarations.ts";

/** The key's text after saving, and what the host would do then. */
export function Preview({
  preview,
  action,
  current,
  lost,
  saving,
  onSave,
}: {
  readonly preview: EditPreview;
  readonly action: "add" | "change" | "remove";
  /** False once the form was changed. */
  readonly current: boolean;
  /** True once the key was changed elsewhere; the form says so. */
  readonly lost: boolean;
  readonly saving: boolean;
  readonly onSave: () => void;
}) {
  const [asking, setAsking] = useState(false);
  const readOnly = useReadOnly();
  const { key, revision, before, after, plan, conflicts, excluded } = preview;
  const label = action === "remove" ? "Remove from etcd" : "Save to etcd";
  if (preview.action === "unchanged") {
    return (
      <Notice kind="info">
        Nothing to save: key <Hostile text={key} /> already contains exactly this.
      </Notice>
    );
  }
  // A single stop is shown beside the form; several need a confirmation.
  const asks = plan.stop.length > 1;
  return (
    <>
      {current ? null : <Notice kind="warning">The form was changed. Preview again before you save.</Notice>}
      {action === "add" && preview.action === "replaced" ? (
        <Notice kind="warning">The key already declares this; its entry will be replaced.</Notice>
      ) : null}
      <h3>
        Key <Hostile text={key} />, {revision === 0 ? "a new key" : `now revision ${revision}`}
      </h3>
      <DiffView before={before} after={after} label="Change of the key's text" />
      <h3>What the host would do</h3>
      <PlanView plan={plan} conflicts={conflicts} excluded={excluded} about={key} />
      <button
        type="button"
        class={action === "remove" ? "danger" : "primary"}
        disabled={lost || !current || readOnly}
        {...whileBusy(saving)}
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
