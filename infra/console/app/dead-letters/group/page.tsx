import { useState } from "../../hooks/hooks.ts";
import type { ListedLetters } from "../../../../../functions/list-dead-letters.ts";
import type { LetterGroup } from "../../../../../lib/rules/dead-letters/letter-state.ts";
import { Hostile } from "../../components/hostile.tsx";
import { Notice } from "../../components/notice.tsx";
import { Pager } from "../../components/pager.tsx";
import { readOnlyId, ReadOnlyNotice, useReadOnly } from "../../components/read-only.tsx";
import { hrefWith, navigate, usePlace } from "../../state/router.ts";
import { useAnswer } from "../../state/use-answer.ts";
import { exactCount } from "../../text/format.ts";
import { pageNumber } from "../../text/page-of.ts";
import { groupQuery } from "../replay/group-address.ts";
import { ReplayDialog } from "../replay/replay-dialog.tsx";
import { ReplayPanel } from "../replay/replay-panel.tsx";
import { requestOf, type Started, startReplay } from "../replay/start-replay.ts";
import { StatesText } from "../replay/states-text.tsx";
import { MendingSection } from "./mending.tsx";
import { LettersTable } from "./letters-table.tsx";
import { asOptions, Choice } from "../../parts/choice.tsx";

/** The letters of one group, one by one, and their replay. */
export function GroupPage({ group }: { readonly group: LetterGroup }) {
  const place = usePlace();
  const readOnly = useReadOnly();
  const [asking, ask] = useState(false);
  const [refusal, refuse] = useState<string | null>(null);
  const shown = place.query.get("state") ?? "open";
  const job = place.query.get("job");
  const { data, error, loading, again } = useAnswer<ListedLetters>(
    `/dead-letters/letters?${groupQuery(group)}&page=${pageNumber(place.query.get("page"))}${shown === "all" ? "" : `&state=${shown}`}`,
  );
  const follow = ({ id, said }: Started): void => {
    refuse(said);
    if (id !== null) navigate(hrefWith(place, { job: id }), { replace: true });
  };
  const left = data === null ? 0 : data.states.open + data.states.unknown;
  // A replay reads letters that were not counted too.
  const mayBeLeft = left > 0 || data?.truncated === true;
  return (
    <>
      <p>
        <a href="/ui/dead-letters">All dead letters</a>
      </p>
      <h1>
        Dead letters of <Hostile text={group.topic} />
      </h1>
      <ReadOnlyNotice />
      <Facts group={group} letters={data} />
      {refusal === null ? null : (
        <Notice kind="warning" alert>
          <Hostile text={refusal} />
        </Notice>
      )}
      {job === null ? null : (
        <ReplayPanel
          id={job}
          closeHref={hrefWith(place, { job: null })}
          onReplay={(request) => void startReplay(request).then(follow)}
          onEnd={again}
        />
      )}
      {error === null ? null : (
        <Notice kind="bad" alert>
          <Hostile text={error} />
        </Notice>
      )}
      {mayBeLeft ? <MendingSection group={group} onStarted={follow} /> : null}
      <h2>Letters</h2>
      <div class="bar">
        <Choice
          label="State"
          options={asOptions(["open", "resolved", "all"])}
          chosen={shown}
          onChoose={(state) =>
            navigate(hrefWith(place, { state: state === "open" ? null : state, page: null, letter: null }))
          }
        />
        <button type="button" disabled={loading} onClick={again}>
          Look again
        </button>
        <button
          type="button"
          disabled={readOnly || !mayBeLeft}
          aria-describedby={readOnly ? readOnlyId : undefined}
          onClick={() => ask(true)}
        >
          Replay {exactCount(left)}
        </button>
        <span class="muted" role="status">
          {loading ? "Reading the dead-letter topic…" : ""}
        </span>
      </div>
      {data === null ? null : (
        <LettersTable
          letters={data.letters}
          state={shown}
          isWhole={!data.truncated && data.states.unknown === 0}
        />
      )}
      <Pager page={pageNumber(place.query.get("page"))} pages={data?.pages ?? 1} />
      {asking ? (
        <ReplayDialog
          group={group}
          left={left}
          truncated={data?.truncated === true}
          onReplay={(how) => {
            ask(false);
            void startReplay({ ...requestOf(group), ...how }).then(follow);
          }}
          onClose={() => ask(false)}
        />
      ) : null}
    </>
  );
}

function Facts({
  group: { index, error, field },
  letters,
}: {
  readonly group: LetterGroup;
  readonly letters: ListedLetters | null;
}) {
  return (
    <dl class="facts">
      <dt>Refused by index</dt>
      <dd>
        <Hostile text={index} />
      </dd>
      <dt>Field</dt>
      <dd>{field === null ? <span class="muted">none named</span> : <Hostile text={field} />}</dd>
      <dt>Error</dt>
      <dd>
        <code>
          <Hostile text={error} />
        </code>
        {letters?.letters[0] === undefined ? null : (
          <>
            : <Hostile text={letters.letters[0].reason} />
          </>
        )}
      </dd>
      <dt>What is left</dt>
      <dd aria-live="polite">
        {letters === null ? (
          <span class="muted">counting…</span>
        ) : (
          <>
            <StatesText states={letters.states} />
            {letters.truncated ? (
              <span class="warning"> of the newest letters that could be read within 10 s</span>
            ) : null}
            {letters.statesProblems.map((problem) => (
              <span key={problem} class="warning">
                {" "}
                <Hostile text={problem} />.
              </span>
            ))}
          </>
        )}
      </dd>
    </dl>
  );
}
