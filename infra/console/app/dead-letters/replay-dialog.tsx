import type { DigestGroup } from "../../../../lib/rules/dead-letters/dead-letter-digest.ts";
import { Dialog } from "../components/dialog.tsx";
import { Hostile } from "../components/hostile.tsx";
import { exactCount, plural } from "../text/format.ts";
import type { ReplayScope } from "./replay-words.ts";

/** Says what a replay will do before it starts, and offers a dry run. */
export function ReplayDialog({
  group: { topic, error },
  scope: { count, alsoOf },
  truncated,
  onReplay,
  onClose,
}: {
  readonly group: DigestGroup;
  readonly scope: ReplayScope;
  /** Whether some letters were not counted. */
  readonly truncated: boolean;
  readonly onReplay: (dryRun: boolean) => void;
  readonly onClose: () => void;
}) {
  const fields = alsoOf.map(({ field }) => (field === null ? "no field" : field));
  return (
    <Dialog title={`Replay ${plural(count, "dead letter")} of ${topic}?`} onClose={onClose}>
      <p>Sends the original bytes again under the same ids. Already indexed records count as duplicates.</p>
      {alsoOf.length === 0 ? null : (
        <p class="warning">
          A replay takes every dead letter of {topic} with <code>{error}</code>, so also{" "}
          {exactCount(alsoOf.reduce((sum, group) => sum + group.count, 0))} of{" "}
          {fields.length === 1 ? "another group" : `${fields.length} other groups`} (
          <Hostile text={fields.slice(0, 5).join(", ")} />
          {fields.length > 5 ? ", …" : ""}).
        </p>
      )}
      {truncated ? (
        <p class="warning">Not all dead letters were counted, so it may include more than that.</p>
      ) : null}
      <p class="muted">
        A replay helps only after the cause is fixed: the mapping, the pipeline or the declaration.
      </p>
      <div class="bar">
        <button type="button" class="primary" onClick={() => onReplay(true)}>
          Dry run first
        </button>
        <button type="button" onClick={() => onReplay(false)}>
          Replay {exactCount(count)}
        </button>
        <button type="button" class="plain" onClick={onClose}>
          Cancel
        </button>
      </div>
    </Dialog>
  );
}
