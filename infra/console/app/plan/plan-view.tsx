import type { Conflict, ToldExclusion } from "../../../../lib/rules/declarations/desired.ts";
import type { Preview } from "../../../../functions/preview-plan.ts";
import { exactCount, plural } from "../text/format.ts";
import { pageOf } from "../text/page-of.ts";
import {
  optionText,
  planKinds,
  planRows,
  type PlanField,
  type PlanKind,
  type PlanRow,
} from "../../../../lib/rules/plan/plan-rows.ts";
import { hrefWith, usePlace } from "../state/router.ts";
import { Hostile } from "../components/hostile.tsx";
import { Notice } from "../components/notice.tsx";
import { Pager } from "../components/pager.tsx";
import { SourceName } from "../components/source-name.tsx";
import { Told } from "../components/times.tsx";
import { Table } from "../parts/table.tsx";

const signs: Readonly<Record<PlanKind, string>> = {
  start: "+",
  stop: "−",
  replace: "~",
  keep: "=",
  pending: "○",
  refused: "✕",
};

/**
 * A plan, row by row. The address holds its page and whether unchanged topics are shown (`kept=1`).
 */
export function PlanView({
  plan,
  conflicts,
  excluded,
  about = null,
}: Preview & {
  /** Limits pending, refused and conflicting rows to this etcd key; null lists all of them. */
  readonly about?: string | null;
}) {
  const place = usePlace();
  const withKept = place.query.get("kept") === "1";
  const { rows, page, pages } = pageOf(
    planRows(plan, withKept).filter((row) => about === null || concerns(row, about)),
    place.query.get("page"),
  );
  return (
    <>
      <ul class="plan-sum" aria-label="Plan">
        {planKinds.map((kind) => (
          <li key={kind} class={plan[kind].length > 0 ? kind : "muted"}>
            {exactCount(plan[kind].length)} {kind}
            {kind === "keep" && plan.keep.length > 0 ? (
              <>
                {" "}
                (
                <a href={hrefWith(place, { kept: withKept ? null : "1", page: null })}>
                  {withKept ? "hide" : "show"}
                </a>
                )
              </>
            ) : null}
          </li>
        ))}
      </ul>
      {rows.length === 0 ? null : <PlanTable rows={rows} />}
      <Pager page={page} pages={pages} />
      <Conflicts
        conflicts={
          about === null
            ? conflicts
            : conflicts.filter(({ winner, loser }) => winner.name === about || loser.name === about)
        }
      />
      <Excluded
        excluded={about === null ? excluded : excluded.filter(({ source }) => source.name === about)}
      />
    </>
  );
}

/** Rows that change something are always shown, whatever their source. */
function concerns({ kind, source }: PlanRow, key: string): boolean {
  return (kind !== "pending" && kind !== "refused") || (source?.kind === "etcd" && source.name === key);
}

function PlanTable({ rows }: { readonly rows: readonly PlanRow[] }) {
  return (
    <Table
      label="What the plan does"
      look="cards plan"
      columns={["Action", "Topic", "Settings", "Declared in", "Reason"]}
    >
      <tbody>
        {rows.map(({ kind, topic, fields, source, reason }, at) => (
          <tr key={`${kind} ${topic ?? at}`} class={kind}>
            <td class="does">
              <span class="sign" aria-hidden="true">
                {signs[kind]}
              </span>{" "}
              {kind}
            </td>
            <th scope="row">
              {topic === null ? (
                "–"
              ) : kind === "refused" || kind === "start" ? (
                <Hostile text={topic} />
              ) : (
                <a href={`/ui/topics/${topic}`}>{topic}</a>
              )}
            </th>
            <td class="fields">
              {fields.map((field) => (
                <Field key={field.field} {...field} />
              ))}
            </td>
            <td class="reason">{source === null ? "–" : <SourceName source={source} />}</td>
            <td class="reason">
              <Told text={reason ?? "it runs as declared"} />
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function Field({ field, ...sides }: PlanField) {
  const both = "from" in sides && "to" in sides;
  return (
    <div>
      {field}:{" "}
      {both ? (
        <>
          <del>
            <Value value={sides.from} />
          </del>{" "}
          <span aria-hidden="true">→</span>
          <span class="unseen">becomes</span>{" "}
          <ins>
            <Value value={sides.to} />
          </ins>
        </>
      ) : (
        <Value value={"to" in sides ? sides.to : sides.from} />
      )}
    </div>
  );
}

function Value({ value }: { readonly value: unknown }) {
  if (value === null || value === undefined) return <span>not set</span>;
  return (
    <code>
      <Hostile text={optionText(value)} />
    </code>
  );
}

/** Also the number of shown patterns with exclusions. */
const shownConflicts = 20;

function Conflicts({ conflicts }: { readonly conflicts: readonly Conflict[] }) {
  if (conflicts.length === 0) return null;
  return (
    <section>
      <h2>{plural(conflicts.length, "conflict")}</h2>
      {conflicts.slice(0, shownConflicts).map(({ topic, winner, loser, differs }) => (
        <Notice key={JSON.stringify([topic, loser])} kind="warning">
          <a href={`/ui/topics/${topic}`}>{topic}</a>: <SourceName source={loser} /> says something else;{" "}
          <SourceName source={winner} /> wins.
          <ul class="plain-list">
            {differs.map(({ field, from, to }) => (
              <li key={field}>
                {field} is <Value value={from} />, not <Value value={to} />
              </li>
            ))}
          </ul>
        </Notice>
      ))}
      {conflicts.length > shownConflicts ? (
        <p>and {plural(conflicts.length - shownConflicts, "conflict")} more</p>
      ) : null}
    </section>
  );
}

function Excluded({ excluded }: { readonly excluded: readonly ToldExclusion[] }) {
  if (excluded.length === 0) return null;
  return (
    <section>
      <h2>Excluded</h2>
      {excluded.slice(0, shownConflicts).map(({ source, pattern, covered, globs }) => (
        <div key={JSON.stringify([source, pattern])}>
          <Hostile text={pattern} /> in <SourceName source={source} /> covers {plural(covered, "topic")} and
          excludes:
          <ul class="plain-list">
            {globs.map(({ glob, topics, first }) => (
              <li key={glob}>
                <code>
                  <Hostile text={glob} />
                </code>
                {": "}
                {plural(topics, "topic")}
                {topics === 0 ? "" : ` (${first.join(", ")}${topics > first.length ? ", …" : ""})`}
              </li>
            ))}
          </ul>
        </div>
      ))}
      {excluded.length > shownConflicts ? (
        <p>and {plural(excluded.length - shownConflicts, "pattern")} more</p>
      ) : null}
    </section>
  );
}
