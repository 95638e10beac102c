import { useRef, useState } from "../../hooks/hooks.ts";
import type { Mending, TriedMending } from "../../../../../functions/mend-letters.ts";
import type { LetterGroup } from "../../../../../lib/rules/dead-letters/letter-state.ts";
import type { Proposal } from "../../../../../lib/rules/mending/proposal.ts";
import { madeByWords, targetWords } from "../../../../../lib/rules/mending/words.ts";
import { Hostile } from "../../components/hostile.tsx";
import { Notice } from "../../components/notice.tsx";
import { readOnlyId, useReadOnly } from "../../components/read-only.tsx";
import { ask } from "../../state/api.ts";
import { useAnswer } from "../../state/use-answer.ts";
import { groupQuery } from "../replay/group-address.ts";
import { type Started, startJob } from "../replay/start-replay.ts";
import { ApplyDialog } from "./apply-dialog.tsx";
import { ProposalsTable } from "./proposals-table.tsx";

/** Longer than the host may take for reading letters and for all trials. */
const TRY_MS = 120_000;

interface Trial {
  readonly busy: boolean;
  readonly tried: TriedMending | null;
  readonly error: string | null;
}

/** Why the index refuses the letters, and the changes that may take them: tried, then made. */
export function MendingSection({
  group,
  onStarted,
}: {
  readonly group: LetterGroup;
  readonly onStarted: (started: Started) => void;
}) {
  const readOnly = useReadOnly();
  const [into, setInto] = useState("");
  const words = { ...named(group), ...(into !== "" && { into }) };
  const path = `/dead-letters/proposals?${groupQuery(group)}${into === "" ? "" : `&into=${encodeURIComponent(into)}`}`;
  const { data, error } = useAnswer<Mending>(path);
  const [trial, setTrial] = useState<Trial>({ busy: false, tried: null, error: null });
  const [chosen, choose] = useState<Proposal | null>(null);

  const tryAll = async (): Promise<void> => {
    setTrial({ busy: true, tried: null, error: null });
    try {
      const tried = await ask<TriedMending>("/dead-letters/proposals/try", {
        method: "POST",
        body: words,
        timeoutMs: TRY_MS,
      });
      setTrial({ busy: false, tried, error: null });
    } catch (thrown) {
      const said = thrown instanceof Error ? thrown.message : String(thrown);
      setTrial({ busy: false, tried: null, error: said });
    }
  };
  const apply = ({ id, request }: Proposal): void => {
    choose(null);
    void startJob("/dead-letters/proposals/apply", { ...words, proposal: id, request }).then(onStarted);
  };
  const mending = trial.tried ?? data;
  const problem = trial.error ?? error;
  const incomparable = trial.tried?.incomparable ?? null;
  return (
    <section aria-label="Mend">
      <h2>What would take them</h2>
      {problem === null ? null : (
        <Notice kind="bad" alert>
          <Hostile text={problem} />
        </Notice>
      )}
      {mending === null ? (
        <p class="muted">{problem === null ? "Looking at the index…" : ""}</p>
      ) : (
        <>
          <Mapping mending={mending} group={group} />
          <div class="bar">
            <button
              type="button"
              class={trial.tried === null ? "primary" : ""}
              disabled={trial.busy || readOnly || mending.letters === 0}
              aria-describedby={readOnly ? readOnlyId : undefined}
              onClick={() => void tryAll()}
            >
              Try all on {mending.letters === 1 ? "1 letter" : `${mending.letters} letters`}
            </button>
            <IntoForm
              onInto={(index) => {
                setInto(index);
                setTrial({ busy: false, tried: null, error: null });
              }}
            />
            <span class="muted" role="status">
              {trial.busy ? "Trying each in a scratch index…" : ""}
            </span>
          </div>
          {mending.letters > 0 || mending.complete ? null : (
            <Notice kind="warning">
              There is nothing to try: no open letter of this group is among the newest letters that could be
              read within 10 s.
            </Notice>
          )}
          {incomparable === null ? null : (
            <p class="warning">
              <Hostile text={`No change is marked as the smallest. ${incomparable}`} />
            </p>
          )}
          <ProposalsTable topic={group.topic} mending={mending} tried={trial.tried} onApply={choose} />
        </>
      )}
      {chosen === null ? null : (
        <ApplyDialog
          proposal={chosen}
          group={group}
          verdict={trial.tried?.verdicts[chosen.id] ?? null}
          onApply={() => apply(chosen)}
          onClose={() => choose(null)}
        />
      )}
    </section>
  );
}

function named({ field, ...group }: LetterGroup) {
  return { ...group, ...(field !== null && { field }) };
}

function Mapping({
  mending: { target, mapping, template },
  group: { index, field },
}: {
  readonly mending: Mending;
  readonly group: LetterGroup;
}) {
  return (
    <dl class="facts">
      <dt>Documents go to</dt>
      <dd>
        <Hostile text={targetWords(target, index)} />
      </dd>
      {field === null ? null : (
        <>
          <dt>Mapping</dt>
          <dd>
            {mapping === null ? (
              <span class="muted">the index does not have this field</span>
            ) : (
              <code>
                <Hostile text={JSON.stringify(mapping).slice(0, 1_000)} />
              </code>
            )}
          </dd>
          <dt>Made by</dt>
          <dd>
            <Hostile text={madeByWords(template)} />
          </dd>
        </>
      )}
    </dl>
  );
}

function IntoForm({ onInto }: { readonly onInto: (index: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <form
      class="bar"
      onSubmit={(event: Event) => {
        event.preventDefault();
        onInto(input.current?.value.trim() ?? "");
      }}
    >
      <label>
        or into another index <input ref={input} type="text" spellcheck={false} />
      </label>
      <button type="submit">Propose</button>
    </form>
  );
}
