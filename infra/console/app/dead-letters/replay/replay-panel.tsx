import { useEffect } from "../../hooks/hooks.ts";
import type { ReplayJob } from "../../../../api/letters/dead-letters.ts";
import type { ReplayResult } from "../../../../../functions/replay-dead-letters.ts";
import { Hostile } from "../../components/hostile.tsx";
import { Notice } from "../../components/notice.tsx";
import { readOnlyId, useReadOnly } from "../../components/read-only.tsx";
import { Time } from "../../components/times.tsx";
import { exactCount, plural } from "../../text/format.ts";
import {
  isAllResolved,
  jobTitle,
  leftSomething,
  leftWords,
  outcomeWords,
  storeWords,
} from "./replay-words.ts";
import { useReplay } from "./use-replay.ts";

/** Progress and result of one replay. */
export function ReplayPanel({
  id,
  closeHref,
  onReplay,
  onEnd = () => {},
}: {
  readonly id: string;
  readonly closeHref: string;
  /** Requests the replay that a dry run previewed. */
  readonly onReplay: (request: ReplayJob["request"]) => void;
  /** Called once the job has ended. */
  readonly onEnd?: () => void;
}) {
  const { job, error } = useReplay(id);
  useEffect(() => {
    if (job !== null && job.state !== "running") onEnd();
  }, [job?.state]);
  return (
    <section class="job" aria-label="Replay">
      <div class="title">
        <h2>{job === null ? "Replay" : <Hostile text={jobTitle(job)} />}</h2>
        {job?.state === "running" ? null : (
          <a class="button" href={closeHref}>
            Close
          </a>
        )}
      </div>
      {error === null ? null : (
        <Notice kind="bad" alert>
          <Hostile text={error} />
        </Notice>
      )}
      {job === null ? null : <Change job={job} />}
      {job === null ? null : <Progress job={job} />}
      {job === null ? null : <End job={job} onReplay={onReplay} />}
    </section>
  );
}

/** The change in Elasticsearch that came first. */
function Change({ job: { change, state } }: { readonly job: ReplayJob }) {
  const request = change?.request ?? null;
  if (change === null || request === null) return null;
  return (
    <p>
      {change.made ? "Changed first: " : state === "running" ? "Changing first: " : "Not changed: "}
      <code>
        <Hostile text={`${request.method} ${request.path}`} />
      </code>
    </p>
  );
}

/** What became of each letter of the group. */
function Left({ left }: { readonly left: NonNullable<ReplayJob["left"]> }) {
  return (
    <Notice kind={isAllResolved(left) ? "ok" : "warning"}>
      <Hostile text={leftWords(left)} />
      {left.statesProblems.map((problem) => (
        <span key={problem}>
          {" "}
          <Hostile text={problem} />.
        </span>
      ))}
    </Notice>
  );
}

function Progress({ job: { state, progress, startedAt, endedAt, result } }: { readonly job: ReplayJob }) {
  const { read, total } = progress;
  const done = state === "done";
  const outcomes = outcomeWords(result ?? progress.outcomes);
  return (
    <>
      <p>
        {state === "running" ? "Running since " : done ? "Done at " : "Failed at "}
        <Time at={Date.parse(endedAt ?? startedAt)} />
        {outcomes === "" ? "" : ` · ${outcomes}`}
      </p>
      <label class="progress">
        <progress max={Math.max(total, 1)} value={done ? Math.max(total, 1) : read} />{" "}
        <span class="muted">
          {exactCount(read)} of {exactCount(total)} offsets of the dead-letter topic read
        </span>
      </label>
    </>
  );
}

function End({
  job: { state, request, result, error, left, change },
  onReplay,
}: {
  readonly job: ReplayJob;
  readonly onReplay: (request: ReplayJob["request"]) => void;
}) {
  const readOnly = useReadOnly();
  if (state === "running") return null;
  if (result === null) {
    return (
      <Notice kind="bad" alert>
        The replay failed: <Hostile text={error ?? "no reason given"} />.{" "}
        {change !== null && !change.made
          ? "Nothing was changed, and no letter was replayed."
          : "What it had brought in by then is in the index; the rest is still in the dead-letter topic, and can be replayed again."}
      </Notice>
    );
  }
  const { wouldClear, cleared } = result.failureStores;
  const nothing = outcomeWords(result) === "" && wouldClear + cleared === 0;
  return (
    <>
      <Notice kind={leftSomething(result) ? "warning" : "ok"} alert>
        {nothing
          ? "There was no such dead letter."
          : request.dryRun
            ? "Nothing was sent: this was a dry run."
            : leftSomething(result)
              ? "Some records could not be indexed."
              : outcomeWords(result) === ""
                ? "There was no such dead letter to send."
                : "All records are in the index."}{" "}
        {request.dryRun || result.indexed + result.alreadyThere === 0
          ? null
          : "What is there stays in the dead-letter topic too; a second replay counts it as already there."}
      </Notice>
      {request.dryRun && result.wouldReplay + wouldClear > 0 ? (
        <button
          type="button"
          class="primary"
          disabled={readOnly}
          aria-describedby={readOnly ? readOnlyId : undefined}
          onClick={() => onReplay({ ...request, dryRun: false })}
        >
          {result.wouldReplay > 0
            ? `Replay ${exactCount(result.wouldReplay)}`
            : `Delete ${exactCount(wouldClear)} from failure stores`}
        </button>
      ) : null}
      {left === null ? null : <Left left={left} />}
      <Leftovers result={result} />
    </>
  );
}

function Leftovers({ result }: { readonly result: ReplayResult }) {
  const {
    dryRun,
    byError,
    byIndex,
    unrecoverable,
    unrecoverablePlaces,
    undeclared,
    notLetters,
    firstForeign,
    failureStores,
  } = result;
  return (
    <ul class="plain-list">
      {storeWords(failureStores).map((words) => (
        <li key={words}>
          <Hostile text={words} />
        </li>
      ))}
      {failureStores.problems.map((problem) => (
        <li key={problem} class="warning">
          <Hostile text={problem} />
        </li>
      ))}
      {dryRun
        ? null
        : byError.groups.slice(0, 20).map(({ topic, field, error, count, sample }) => (
            <li key={JSON.stringify([topic, field, error])}>
              {plural(count, "record")} of {topic} still rejected: <code>{error}</code>,{" "}
              <Hostile text={sample.reason} />
            </li>
          ))}
      {unrecoverable === 0 ? null : (
        <li class="bad">
          {plural(unrecoverable, "letter")} without a value, whose records retention took from their topics:{" "}
          {unrecoverablePlaces
            .slice(0, 10)
            .map(({ topic, partition, offset }) => `${topic} ${partition}/${offset}`)
            .join(", ")}
          {unrecoverable > 10 ? ", …" : ""}
        </li>
      )}
      {byIndex
        .filter(({ elsewhere }) => dryRun || elsewhere)
        .map(({ index, letters, elsewhere }) => (
          <li key={`${index} ${elsewhere}`} class={elsewhere ? "warning" : undefined}>
            {plural(letters, "letter")} for index <Hostile text={index} />
            {elsewhere
              ? ", where their topic is not declared to go: left alone unless an index is given"
              : ""}
          </li>
        ))}
      {undeclared.length === 0 ? null : (
        <li class="warning">
          Not declared any more, and so treated as text: <Hostile text={undeclared.join(", ")} />
        </li>
      )}
      {firstForeign === null ? null : (
        <li class="muted">
          {plural(notLetters, "record")} of the dead-letter topic{" "}
          {notLetters === 1 ? "is no letter" : "are no letters"} of Penstock, first at{" "}
          {firstForeign.partition}/{firstForeign.offset}: <Hostile text={firstForeign.reason} />
        </li>
      )}
    </ul>
  );
}
