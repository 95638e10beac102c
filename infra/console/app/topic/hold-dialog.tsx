import { useState } from "../hooks/hooks.ts";
import type { HoldResult } from "../../../../functions/hold-topics.ts";
import type { Hold } from "../../../../lib/rules/progress/hold.ts";
import { Dialog } from "../components/dialog.tsx";
import { useReadOnly } from "../components/read-only.tsx";
import { whileBusy } from "../state/busy.ts";
import { ask } from "../state/api.ts";
import { valueOf } from "../text/input.ts";
import { Problem } from "../parts/problem.tsx";

/** Opens the dialog that holds the topic, or releases it if an order holds it. What its declaration holds is released there. */
export function HoldOrRelease({ topic, hold }: { readonly topic: string; readonly hold: Hold | null }) {
  const [open, setOpen] = useState<"hold" | "release" | null>(null);
  const readOnly = useReadOnly();
  if (hold?.from === "declaration")
    return (
      <span class="muted">
        Its declaration holds it: remove <code>hold: true</code> there
      </span>
    );
  const wanted = hold?.from === "order" ? "release" : "hold";
  return (
    <>
      <button type="button" disabled={readOnly} onClick={() => setOpen(wanted)}>
        {wanted === "hold" ? "Hold…" : "Release…"}
      </button>
      {open === null ? null : <OrderDialog topic={topic} order={open} onClose={() => setOpen(null)} />}
    </>
  );
}

interface OrderDialogProps {
  readonly topic: string;
  readonly order: "hold" | "release";
  readonly onClose: () => void;
}

/** Says what the order means, asks who gives it and why, and stays open if it could not be given. */
function OrderDialog({ topic, order, onClose }: OrderDialogProps) {
  const [by, setBy] = useState("");
  const [reason, setReason] = useState("");
  const [failure, setFailure] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const isHold = order === "hold";
  const send = async (): Promise<void> => {
    setBusy(true);
    setFailure(null);
    try {
      const body = isHold ? { by, reason } : { by };
      const { waiting } = await ask<HoldResult>(`/topics/${topic}/${order}`, { method: "POST", body });
      if (waiting.length === 0) {
        onClose();
        return;
      }
      setFailure(`The order stands, but some partitions do not follow yet: ${waiting.join(", ")}`);
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
    setBusy(false);
  };
  const input = (label: string, value: string, change: (text: string) => void) => (
    <p>
      <label>
        {label}{" "}
        <input
          type="text"
          value={value}
          size={32}
          autocomplete="off"
          onInput={(event: Event) => change(valueOf(event))}
        />
      </label>
    </p>
  );
  return (
    <Dialog
      title={`${isHold ? "Hold" : "Release"} ${topic}`}
      onSubmit={() => void send()}
      actions={
        <button type="submit" class="primary" {...whileBusy(busy)}>
          {isHold ? "Hold" : "Release"}
        </button>
      }
      close="Close"
      onClose={onClose}
    >
      <p>
        {isHold
          ? "Nothing more of it is read, on all hosts. What is in flight is finished; the position stays, and other topics notice nothing."
          : "It is read again, from where it was held."}
      </p>
      {input("Your name", by, setBy)}
      {isHold ? input("Reason", reason, setReason) : null}
      <Problem text={failure} />
    </Dialog>
  );
}
