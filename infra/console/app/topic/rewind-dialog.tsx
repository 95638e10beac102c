import { useState } from "../hooks/hooks.ts";
import type { RewindResult } from "../../../../functions/rewind-topic.ts";
import { Dialog } from "../components/dialog.tsx";
import { Hostile } from "../components/hostile.tsx";
import { useReadOnly } from "../components/read-only.tsx";
import { Notice } from "../components/notice.tsx";
import { whileBusy } from "../state/busy.ts";
import { ask } from "../state/api.ts";
import { exactCount } from "../text/format.ts";
import { valueOf } from "../text/input.ts";
import { Problem } from "../parts/problem.tsx";

/** Longer than the host waits for its partitions to move. */
const ANSWER_MS = 60_000;

/** Opens the dialog that moves a topic's position. */
export function Rewind({ topic }: { readonly topic: string }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" disabled={useReadOnly()} onClick={() => setOpen(true)}>
        Rewind…
      </button>
      {open ? <RewindDialog topic={topic} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

/** Asks where to, says what that means, and moves the position once that is confirmed. */
function RewindDialog({ topic, onClose }: { readonly topic: string; readonly onClose: () => void }) {
  const [to, setTo] = useState("");
  const [told, setTold] = useState<RewindResult | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const send = async (dryRun: boolean): Promise<void> => {
    setBusy(true);
    setFailure(null);
    try {
      const body = { to: to.trim(), dryRun };
      setTold(
        await ask<RewindResult>(`/topics/${topic}/rewind`, { method: "POST", body, timeoutMs: ANSWER_MS }),
      );
    } catch (error) {
      setTold(null);
      setFailure(error instanceof Error ? error.message : String(error));
    }
    setBusy(false);
  };
  const isPlanned = told?.action === "planned";
  return (
    <Dialog
      title={`Move the position of ${topic}`}
      onSubmit={() => void send(!isPlanned)}
      actions={
        <button
          type="submit"
          class={isPlanned ? "danger" : "primary"}
          disabled={to.trim() === ""}
          {...whileBusy(busy)}
        >
          {isPlanned ? (told.skipped > 0 ? "Move and skip" : "Move") : "Show what would happen"}
        </button>
      }
      close="Close"
      onClose={onClose}
    >
      <p>
        <label>
          To{" "}
          <input
            type="text"
            value={to}
            size={32}
            autocomplete="off"
            spellcheck={false}
            aria-describedby="help-rewind"
            onInput={(event: Event) => {
              setTo(valueOf(event));
              setTold(null);
            }}
          />
        </label>
      </p>
      <p id="help-rewind" class="muted">
        earliest, latest, a time such as 2026-11-28T10:00:00Z, an age such as -2h, an offset, or offsets by
        partition such as {'{"0":17}'}. What is indexed already counts as a duplicate.
      </p>
      <Problem text={failure} />
      {told === null ? null : <Moves told={told} />}
    </Dialog>
  );
}

function Moves({ told: { message, partitions, waiting, skipped } }: { readonly told: RewindResult }) {
  return (
    <>
      <Notice kind={skipped > 0 ? "warning" : "info"}>
        <Hostile text={`${message}.`} />
      </Notice>
      <div class="names" tabindex={0} role="region" aria-label="Partitions">
        <ul class="plain-list">
          {partitions.map(({ partition, from, to, records }) => (
            <li key={partition}>
              partition {partition}: {exactCount(from)} → {exactCount(to)},{" "}
              {from === to ? "stays" : `${exactCount(records)} ${to < from ? "read again" : "skipped"}`}
              {waiting.includes(partition) ? ", not moved yet" : ""}
            </li>
          ))}
        </ul>
      </div>
    </>
  );
}
