import { useState } from "../hooks/hooks.ts";
import type { Plan } from "../../../../lib/rules/plan/plan.ts";
import { Dialog } from "../components/dialog.tsx";
import { exactCount, plural } from "../text/format.ts";
import { valueOf } from "../text/input.ts";
import { stopsMost } from "./effect.ts";

const shownNames = 500;

interface StopDialogProps {
  readonly plan: Plan;
  /** The button's label. */
  readonly action: string;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

/** Asks before topics stop, and names them. If most topics would stop, their number has to be typed. */
export function StopDialog({ plan, action, onConfirm, onClose }: StopDialogProps) {
  const [typed, type] = useState("");
  const count = plan.stop.length;
  const most = stopsMost(plan);
  const isUnsure = most && typed.trim() !== String(count);
  return (
    <Dialog
      title={`Stop ${plural(count, "topic")}?`}
      onSubmit={() => {
        if (!isUnsure) onConfirm();
      }}
      actions={
        <button type="submit" class="danger" disabled={isUnsure}>
          {action}
        </button>
      }
      onClose={onClose}
    >
      <p>
        Records in flight are finished and committed. A topic that is declared again continues where it
        stopped.
      </p>
      <div class="names" tabindex={0} role="region" aria-label="Topics that stop">
        <ul class="plain-list">
          {plan.stop.slice(0, shownNames).map(({ topic }) => (
            <li key={topic}>{topic}</li>
          ))}
          {count > shownNames ? <li class="muted">and {exactCount(count - shownNames)} more</li> : null}
        </ul>
      </div>
      {most ? (
        <p>
          <label>
            These are more than half of all topics. To continue, type how many stop ({count}):{" "}
            <input
              inputmode="numeric"
              autocomplete="off"
              size={6}
              value={typed}
              onInput={(event: Event) => type(valueOf(event))}
            />
          </label>
        </p>
      ) : null}
    </Dialog>
  );
}
