import { useRef } from "../../hooks/hooks.ts";
import type { LetterGroup } from "../../../../../lib/rules/dead-letters/letter-state.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Hostile } from "../../components/hostile.tsx";
import { exactCount, plural } from "../../text/format.ts";
import type { Replayed } from "./start-replay.ts";

/** Says what a replay will do before it starts, takes another index, and offers a dry run. */
export function ReplayDialog({
  group: { topic, index },
  left,
  truncated,
  onReplay,
  onClose,
}: {
  readonly group: LetterGroup;
  /** How many letters of the group no index has. */
  readonly left: number;
  /** Whether some letters were not counted. */
  readonly truncated: boolean;
  readonly onReplay: (how: Pick<Replayed, "dryRun" | "index">) => void;
  readonly onClose: () => void;
}) {
  const target = useRef<HTMLInputElement>(null);
  const replay = (dryRun: boolean): void => {
    const other = target.current?.value.trim() ?? "";
    onReplay({ dryRun, index: other === "" ? null : other });
  };
  return (
    <Dialog
      title={`Replay ${plural(left, "dead letter")} of ${topic}?`}
      onSubmit={() => replay(true)}
      actions={
        <>
          <button type="submit" class="primary">
            Dry run first
          </button>
          <button type="button" onClick={() => replay(false)}>
            Replay {exactCount(left)}
          </button>
        </>
      }
      onClose={onClose}
    >
      <p>
        Sends the original bytes again under the same ids, and only those of this group. Already indexed
        records count as duplicates.
      </p>
      {truncated ? (
        <p class="warning">Not all dead letters were counted, so it may include more than that.</p>
      ) : null}
      <p>
        <label>
          Into another index <input ref={target} type="text" placeholder={index} spellcheck={false} />
        </label>
      </p>
      <p class="muted">
        A replay helps only after the cause is fixed, or into another index than <Hostile text={index} />. The
        group's page shows what would take the letters.
      </p>
    </Dialog>
  );
}
