import { useState } from "../../hooks/hooks.ts";
import {
  type TriedGroup,
  triedOutcomes,
  type TriedOutcome,
  type TriedRecord,
} from "../../../../../lib/rules/trial/tried.ts";
import { countsText, outcomeWords, targetWords, timesText } from "../../../../../lib/rules/trial/words.ts";
import { Hostile } from "../../components/hostile.tsx";
import { Notice } from "../../components/notice.tsx";
import { prettyJson } from "../../explore/document/json-text.ts";
import { plural } from "../../text/format.ts";
import type { TrialState } from "./use-trial.ts";
import { Table } from "../../parts/table.tsx";

const tones: Readonly<Record<TriedOutcome, string>> = {
  indexed: "ok",
  "gave-way": "warning",
  skipped: "muted",
  "dead-lettered": "bad",
  waits: "bad",
  unknown: "warning",
};
const shownAtFirst = 10;
/** Characters of one document; nobody reads more, and the page would not bear a thousand. */
const shownLength = 20_000;

/** What would become of a topic's newest records. */
export function TrialPanel({
  state: { busy, tried, error },
  current,
}: {
  readonly state: TrialState;
  /** False once the form was changed. */
  readonly current: boolean;
}) {
  if (error !== null)
    return (
      <Notice kind="bad" alert>
        <Hostile text={error} />
      </Notice>
    );
  if (tried === null) return busy ? <p class="muted">Reading the topic's newest records…</p> : null;
  const { spec, records, partitions, problem, notes } = tried;
  const facts = [
    ["@timestamp from", timesText(tried)],
    ["Levels", countsText(tried.levels)],
    ["Tags", countsText(tried.tags)],
    ["Not searchable", countsText(tried.ignored)],
    ["Targets", tried.targets.map((target) => targetWords(target, tried)).join("; ")],
  ].filter(([, text]) => text !== "");
  return (
    <section aria-label="Trial" class={current && !busy ? "" : "old"}>
      <h3>
        Trial: the last {plural(records.length, "record")} of <Hostile text={spec.topic} />,{" "}
        {plural(partitions, "partition")}
      </h3>
      {current ? null : <Notice kind="warning">The form was changed since this trial.</Notice>}
      {records.length === 0 ? <p>The topic has no records to try.</p> : null}
      {problem === null ? null : (
        <Notice kind="bad" alert>
          <Hostile text={problem} />
        </Notice>
      )}
      {notes.map((note) => (
        <Notice key={note} kind="warning">
          <Hostile text={note} />
        </Notice>
      ))}
      <ul class="plan-sum" aria-label="Outcomes">
        {triedOutcomes
          .filter((outcome) => tried.outcomes[outcome] > 0)
          .map((outcome) => (
            <li key={outcome} class={tones[outcome]}>
              {tried.outcomes[outcome]} {outcomeWords[outcome]}
            </li>
          ))}
      </ul>
      {tried.groups.length === 0 ? null : <Groups groups={tried.groups} />}
      <dl class="facts">
        {facts.flatMap(([label = "", text = ""]) => [
          <dt key={label}>{label}</dt>,
          <dd key={`${label}:`}>
            <Hostile text={text} />
          </dd>,
        ])}
      </dl>
      {records.length === 0 ? null : <Documents records={records} />}
    </section>
  );
}

function Groups({ groups }: { readonly groups: readonly TriedGroup[] }) {
  return (
    <Table
      label="Records by reason"
      look="cards groups"
      columns={["What becomes of them", ["Records", "number"], "Field", "Reason of the first"]}
    >
      <tbody>
        {groups.map(({ outcome, type, field, text, records, first }) => (
          <tr key={JSON.stringify([outcome, type, field])}>
            <th scope="row" class={tones[outcome]}>
              {outcomeWords[outcome]}
            </th>
            <td class="number">{records}</td>
            <td class="field">
              {field === null ? (
                <span class="muted">none named</span>
              ) : (
                <code>
                  <Hostile text={field} />
                </code>
              )}
            </td>
            <td class="reason">
              <code>{type}</code>: <Hostile text={text} />{" "}
              <span class="muted">
                (partition {first.partition}, offset {first.offset})
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function Documents({ records }: { readonly records: readonly TriedRecord[] }) {
  const [all, showAll] = useState(false);
  const shown = all ? records : records.slice(0, shownAtFirst);
  return (
    <>
      <h3>Documents, the newest first</h3>
      {shown.map((record) => (
        <Document key={`${record.partition}:${record.offset}`} record={record} />
      ))}
      {shown.length < records.length ? (
        <button type="button" onClick={() => showAll(true)}>
          Show all {plural(records.length, "record")}
        </button>
      ) : null}
    </>
  );
}

function Document({
  record: { partition, offset, outcome, index, document, pipelines, ignored },
}: {
  readonly record: TriedRecord;
}) {
  const [open, setOpen] = useState(false);
  const text = open && document !== null ? prettyJson(document) : "";
  return (
    <details
      onToggle={(event: Event) => setOpen(event.target instanceof HTMLDetailsElement && event.target.open)}
    >
      <summary>
        Partition {partition}, offset {offset}: <span class={tones[outcome]}>{outcomeWords[outcome]}</span>
        {index === null ? null : (
          <>
            , <Hostile text={index} />
          </>
        )}
        {pipelines.length === 0 ? null : (
          <span class="muted">
            , through <Hostile text={pipelines.join(", ")} />
          </span>
        )}
        {ignored.length === 0 ? null : (
          <span class="warning">
            , not searchable: <Hostile text={ignored.join(", ")} />
          </span>
        )}
      </summary>
      {document === null ? (
        <p class="muted">There is no document.</p>
      ) : (
        <pre
          class="raw"
          tabindex={0}
          role="region"
          aria-label={`Document of partition ${partition}, offset ${offset}`}
        >
          <Hostile text={text.slice(0, shownLength)} keep={"\n"} />
          {text.length > shownLength ? "…" : ""}
        </pre>
      )}
    </details>
  );
}
