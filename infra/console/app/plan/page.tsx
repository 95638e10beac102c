import { useState } from "../hooks/hooks.ts";
import { whileBusy } from "../state/busy.ts";
import { ApiError, ask } from "../state/api.ts";
import { Hostile } from "../components/hostile.tsx";
import { Notice } from "../components/notice.tsx";
import { PlanView } from "./plan-view.tsx";
import { readOnlyId, ReadOnlyNotice, useReadOnly } from "../components/read-only.tsx";
import { Time } from "../components/times.tsx";
import { doesAnything } from "../../../../lib/rules/plan/plan-rows.ts";
import { effectOf, outcomeOf, type Outcome } from "./effect.ts";
import type { ReconcileAnswer } from "../../../api/reconcile.ts";
import { StopDialog } from "./stop-dialog.tsx";
import { useAnswer } from "../state/use-answer.ts";
import { Problem } from "../parts/problem.tsx";

type Applied =
  | { readonly kind: "done"; readonly outcome: Outcome }
  | { readonly kind: "changed" }
  | { readonly kind: "error"; readonly message: string };

/** What a run would do now, and the button that carries out exactly that. */
export function ReconcilePage() {
  const { data, at, error, loading, again } = useAnswer<ReconcileAnswer>("/reconcile?dryRun=true", "POST");
  const [asking, setAsking] = useState(false);
  const [applying, setApplying] = useState(false);
  const [applied, setApplied] = useState<Applied | null>(null);

  const apply = async (hash: string): Promise<void> => {
    setAsking(false);
    setApplying(true);
    setApplied(await carryOut(hash));
    setApplying(false);
    again();
  };
  const readOnly = useReadOnly();
  const busy = loading || applying;
  const anything = data !== null && doesAnything(data.plan);
  return (
    <>
      <h1>Reconcile</h1>
      <p class="muted">
        The host does this by itself whenever a source changes, and every 30 s. Here you see what it would do
        now.
      </p>
      <ReadOnlyNotice />
      {applied === null ? null : <AppliedNotice applied={applied} />}
      <Problem text={error} alert />
      {data === null ? null : <SourceErrors answer={data} />}
      <div class="bar">
        {anything ? (
          <button
            type="button"
            class="primary"
            disabled={readOnly}
            {...whileBusy(busy)}
            aria-describedby={readOnly ? readOnlyId : undefined}
            onClick={() => (data.plan.stop.length > 0 ? setAsking(true) : void apply(data.hash))}
          >
            {applying ? "Applying…" : `Apply: ${effectOf(data.plan)}`}
          </button>
        ) : null}
        <button
          type="button"
          {...whileBusy(busy)}
          onClick={() => {
            setApplied(null);
            again();
          }}
        >
          Check again
        </button>
        <span role="status">
          {loading ? (
            <span class="muted">Checking…</span>
          ) : data === null ? null : (
            <>
              {anything ? "" : "Nothing to change. "}Checked <Time at={at} />.
            </>
          )}
        </span>
      </div>
      {data === null ? null : (
        <PlanView plan={data.plan} conflicts={data.conflicts} excluded={data.excluded} />
      )}
      {asking && data !== null ? (
        <StopDialog
          plan={data.plan}
          action={`Apply: ${effectOf(data.plan)}`}
          onConfirm={() => void apply(data.hash)}
          onClose={() => setAsking(false)}
        />
      ) : null}
    </>
  );
}

async function carryOut(hash: string): Promise<Applied> {
  try {
    const answer = await ask<ReconcileAnswer>(`/reconcile?plan=${hash}`, {
      method: "POST",
      timeoutMs: 60_000,
    });
    return { kind: "done", outcome: outcomeOf(answer) };
  } catch (thrown) {
    if (thrown instanceof ApiError && thrown.status === 409) return { kind: "changed" };
    return { kind: "error", message: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

function AppliedNotice({ applied }: { readonly applied: Applied }) {
  if (applied.kind === "changed") {
    return (
      <Notice kind="warning" alert>
        The plan changed. Review again. Nothing was touched.
      </Notice>
    );
  }
  if (applied.kind === "error") return <Problem text={applied.message} alert />;
  const { sentence, failed, interrupted } = applied.outcome;
  return (
    <Notice kind={failed.length > 0 ? "bad" : "ok"} alert>
      {sentence}
      {interrupted ? " Some of it is still under way and goes on by itself." : ""}
      {failed.length === 0 ? null : (
        <ul class="plain-list">
          {failed.slice(0, 20).map(({ topic, error }) => (
            <li key={topic}>
              <a href={`/ui/topics/${topic}`}>{topic}</a> failed: <Hostile text={error} />
            </li>
          ))}
          {failed.length > 20 ? <li>and {failed.length - 20} more</li> : null}
        </ul>
      )}
    </Notice>
  );
}

/** The declarations of an unreadable source stay active, so the plan may lack its latest changes. */
function SourceErrors({ answer: { sources } }: { readonly answer: ReconcileAnswer }) {
  const broken = [
    { name: "The config file", error: sources.config.error },
    { name: "etcd", error: sources.etcd?.error ?? null },
  ].filter(({ error }) => error !== null);
  return (
    <>
      {broken.map(({ name, error }) => (
        <Notice key={name} kind="warning">
          {name} is not in force as it is now; what it said before is kept. <Hostile text={error ?? ""} />
        </Notice>
      ))}
    </>
  );
}
