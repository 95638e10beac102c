import type { LetterGroup } from "../../../../../lib/rules/dead-letters/letter-state.ts";
import type { Proposal } from "../../../../../lib/rules/mending/proposal.ts";
import type { Verdict } from "../../../../../lib/rules/mending/verdict.ts";
import { goodText, lettersText } from "../../../../../lib/rules/mending/words.ts";
import { CopyButton } from "../../components/copy-button.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Hostile } from "../../components/hostile.tsx";

/** Shows the exact request before it is sent, and what follows it. */
export function ApplyDialog({
  proposal: { title, change, request, index },
  group,
  verdict,
  onApply,
  onClose,
}: {
  readonly proposal: Proposal;
  readonly group: LetterGroup;
  /** Null if it was not tried. */
  readonly verdict: Verdict | null;
  readonly onApply: () => void;
  readonly onClose: () => void;
}) {
  const text =
    request === null ? "" : `${request.method} ${request.path}\n${JSON.stringify(request.body, null, 2)}`;
  return (
    <Dialog
      title={`${title}?`}
      onSubmit={onApply}
      actions={
        <button type="submit" class="primary">
          {request === null ? "Replay" : "Change and replay"}
        </button>
      }
      onClose={onClose}
    >
      <p>
        <Hostile text={change} />
      </p>
      {verdict === null ? (
        <p class="warning">It was not tried. Try it first to see what becomes of letters and good records.</p>
      ) : (
        <p>
          The trial: {lettersText(verdict)}; good records: {goodText(verdict)}.
        </p>
      )}
      {request === null ? (
        <p>Nothing is changed in Elasticsearch.</p>
      ) : (
        <>
          <p>
            This request is sent to Elasticsearch: <CopyButton label="Copy" text={() => text} />
          </p>
          <pre tabindex={0} aria-label="The request" class="request">
            <Hostile text={text} keep={"\n"} />
          </pre>
        </>
      )}
      <p>
        Then the letters of this group are replayed into <Hostile text={index ?? group.index} /> under the
        same ids, and each is looked up.
      </p>
    </Dialog>
  );
}
