import { useState } from "../hooks/hooks.ts";
import { Notice } from "../components/notice.tsx";
import { DiffView } from "./diff/diff-view.tsx";
import type { LostRace } from "./use-edit.ts";

/** Another edit was saved first: shows its change, and continues from there with the text in the form. */
export function LostRaceNotice({
  lost: { revision, text, startedFrom },
  started,
  onContinue,
}: {
  readonly lost: LostRace;
  /** The key's text at the start of this edit. */
  readonly started: string | null;
  readonly onContinue: () => void;
}) {
  const [comparing, compare] = useState(false);
  return (
    <Notice kind="warning" alert>
      {revision === 0 ? "This key is gone now" : `This key is now revision ${revision}`}; you started from{" "}
      {startedFrom}. Your text is kept.{" "}
      {comparing ? (
        <>
          <p>What was changed in the meantime:</p>
          <DiffView before={started} after={text} label="The key's text then and now" />
          <button type="button" class="primary" onClick={onContinue}>
            {revision === 0 ? "Continue with a new key" : `Continue from revision ${revision}`}
          </button>
        </>
      ) : (
        <button type="button" onClick={() => compare(true)}>
          Compare
        </button>
      )}
    </Notice>
  );
}
