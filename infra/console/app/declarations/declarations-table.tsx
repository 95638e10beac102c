import type { OverruledRetention, Standing } from "../../../../lib/rules/declarations/standing.ts";
import type { TopicRow } from "../../../api/live-messages.ts";
import { Hostile } from "../components/hostile.tsx";
import { StateLabel } from "../components/state-label.tsx";
import { Told } from "../components/times.tsx";
import { memo } from "../hooks/hooks.ts";
import { hrefWith, usePlace } from "../state/router.ts";
import type { TopicsTable } from "../topics/topics-table.ts";
import { nameOf, type DeclarationRow } from "../plan/declaration-rows.ts";
import { Table } from "../parts/table.tsx";

/** Entries as written in their sources. */
export function DeclarationsTable({
  rows,
  topics,
  configPath,
  canEdit,
}: {
  readonly rows: readonly DeclarationRow[];
  /** The host's topics; null before they are known. */
  readonly topics: TopicsTable | null;
  readonly configPath: string;
  /** False while etcd cannot be read. */
  readonly canEdit: boolean;
}) {
  return (
    <Table
      label="Declarations"
      look="cards declarations"
      columns={[
        "Topic or pattern",
        "Settings",
        "State",
        "Declared in",
        ["Revision", "number"],
        ["Actions", "unseen"],
      ]}
    >
      <tbody>
        {rows.map((row) => {
          const { state = null, reason = null } = topicOf(row, topics) ?? {};
          return <Row key={row.id} {...{ row, state, reason, configPath, canEdit }} />;
        })}
      </tbody>
    </Table>
  );
}

/** The topic for which a declaration decides; null for patterns, and for those that lose or are refused. */
export function topicOf({ target, standing }: DeclarationRow, topics: TopicsTable | null): TopicRow | null {
  if (target === null || "pattern" in target || standing?.state !== "in force") return null;
  return topics?.rows.get(target.topic) ?? null;
}

interface RowProps {
  readonly row: DeclarationRow;
  /** Of its topic; null if it has none. Not the whole topic, whose figures change with every second. */
  readonly state: TopicRow["state"] | null;
  readonly reason: string | null;
  readonly configPath: string;
  readonly canEdit: boolean;
}

const Row = memo(({ row, state, reason, configPath, canEdit }: RowProps) => (
  <tr>
    <th scope="row">
      <Target row={row} />
    </th>
    <td class="fields">
      {row.options.length === 0 && row.target !== null ? <span class="muted">all by default</span> : null}
      {row.options.map(([field, value]) => (
        <div key={field}>
          <Hostile text={field} />:{" "}
          <code>
            <Hostile text={value} />
          </code>
        </div>
      ))}
    </td>
    <td class="reason">
      <State row={row} />
      {state === null ? null : (
        <div>
          <StateLabel state={state} />
          {reason === null ? null : (
            <span class="why" title={reason}>
              <Told text={reason} />
            </span>
          )}
        </div>
      )}
    </td>
    <td class="source">
      <Hostile text={row.key === null ? configPath : row.key.key} />
      {row.entry === null ? "" : `, entry ${row.entry + 1}`}
    </td>
    <td class="number">
      {row.key === null ? "–" : row.key.revision === 0 ? "absent" : (row.key.revision ?? "–")}
    </td>
    <td class="actions">
      <Actions row={row} configPath={configPath} canEdit={canEdit} />
    </td>
  </tr>
));

function Target({ row: { target, entry, standing } }: { readonly row: DeclarationRow }) {
  if (target === null)
    return <span class="muted">{entry === null ? "the key itself" : "names nothing"}</span>;
  const name = nameOf(target);
  if ("pattern" in target) {
    return (
      <>
        <Hostile text={name} /> <span class="muted">pattern</span>
      </>
    );
  }
  return standing !== null && standing.state !== "refused" ? (
    <a href={`/ui/topics/${name}`}>{name}</a>
  ) : (
    <Hostile text={name} />
  );
}

function State({
  row: { target, entry, key, standing, refused, lastGoodKept, raw },
}: {
  readonly row: DeclarationRow;
}) {
  if (refused !== null) {
    return (
      <>
        <span class="bad">
          <span aria-hidden="true">✕ </span>refused: <Hostile text={refused} />
        </span>
        {lastGoodKept ? " What it said before is kept." : ""}
        {raw === null ? null : (
          <details>
            <summary>As written there</summary>
            <pre tabindex={0} aria-label="The text">
              <Hostile text={raw.length > 2_000 ? `${raw.slice(0, 2_000)}…` : raw} keep={"\n\t"} />
            </pre>
          </details>
        )}
      </>
    );
  }
  if (entry === null)
    return <span class="muted">{key?.revision === 0 ? "no such key" : "holds no entry"}</span>;
  if (standing === null) return null;
  if (standing.state === "overridden") {
    const by = standing.overriddenBy;
    return (
      <>
        <span class={standing.alike ? "ok" : "warning"}>
          <span aria-hidden="true">{standing.alike ? "✓ " : "▲ "}</span>
          {standing.alike ? "the same is in force" : "overridden"}
          {by === null ? null : (
            <>
              {standing.alike ? " from " : " by "}
              <Hostile text={`${by.name}, entry ${by.entry + 1}`} />
            </>
          )}
        </span>
        <PathVaries standing={standing} />
      </>
    );
  }
  const { overruled } = standing;
  const covers = target !== null && "pattern" in target ? `, covers ${standing.topics}` : "";
  return (
    <>
      {overruled === undefined ? (
        <span class="ok">
          <span aria-hidden="true">✓ </span>in force
        </span>
      ) : (
        <span class="warning">
          <span aria-hidden="true">▲ </span>in force, but its retention does not count
        </span>
      )}
      {overruled === undefined ? null : <Overruled overruled={overruled} />}
      <PathVaries standing={standing} />
      {covers}
      {lastGoodKept ? ", as it was read last" : ""}
    </>
  );
}

function PathVaries({ standing: { pathVaries } }: { readonly standing: Standing }) {
  if (pathVaries === undefined) return null;
  return <span class="muted">; paths differ, so log.file.path comes from a record's header</span>;
}

function Overruled({ overruled: { dataStream, retention, by } }: { readonly overruled: OverruledRetention }) {
  const kept = retention === null ? "without a limit of its own" : `for ${retention}`;
  const text = `: data stream ${dataStream} keeps documents ${kept}, as ${by.name}, entry ${by.entry + 1} declares`;
  return <Hostile text={text} />;
}

function fileName(path: string): string {
  return path.split("/").at(-1) ?? path;
}

function Actions({
  row: { key, target, refused },
  configPath,
  canEdit,
}: Pick<RowProps, "row" | "configPath" | "canEdit">) {
  const place = usePlace();
  if (key === null) {
    return (
      <span class="muted">
        Edit <Hostile text={fileName(configPath)} />
      </span>
    );
  }
  if (!canEdit) return null;
  if (target === null) return refused === null ? null : <span class="muted">Edit it in etcd</span>;
  const opening = (form: string): string =>
    hrefWith(place, {
      topic: null,
      pattern: null,
      page: null,
      rejected: null,
      ...target,
      form,
      key: key.key,
    });
  const name = nameOf(target);
  return (
    <>
      <a class="button" href={opening("change")}>
        Change
        <span class="unseen">
          {" "}
          <Hostile text={name} />
        </span>
      </a>{" "}
      <a class="button" href={opening("remove")}>
        Remove
        <span class="unseen">
          {" "}
          <Hostile text={name} />
        </span>
      </a>
    </>
  );
}
