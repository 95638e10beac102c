import { memo } from "../hooks/hooks.ts";
import type { TopicRow } from "../../../api/live-messages.ts";
import { hrefWith, usePlace } from "../state/router.ts";
import type { TopicsTable } from "./topics-table.ts";
import { Count, Rate } from "../components/figures.tsx";
import { Hostile } from "../components/hostile.tsx";
import { ShortSource } from "../components/source-name.tsx";
import { Sparkline } from "../charts/sparkline.tsx";
import { StateLabel } from "../components/state-label.tsx";
import { Told } from "../components/times.tsx";

const columns: readonly {
  readonly name: string;
  readonly label: string;
  readonly number: boolean;
  readonly sorts: boolean;
}[] = [
  { name: "topic", label: "Topic", number: false, sorts: true },
  { name: "state", label: "State", number: false, sorts: true },
  { name: "lag", label: "Lag", number: true, sorts: true },
  { name: "rate", label: "Records/s", number: true, sorts: true },
  { name: "indexed", label: "Indexed", number: true, sorts: true },
  { name: "deadLettered", label: "Dead-lettered", number: true, sorts: true },
  { name: "duplicate", label: "Duplicate", number: true, sorts: true },
  { name: "skipped", label: "Skipped", number: true, sorts: true },
  { name: "partitions", label: "Partitions", number: true, sorts: false },
  { name: "index", label: "Target", number: false, sorts: true },
  { name: "source", label: "Source", number: false, sorts: true },
];

const none: readonly number[] = [];

interface TopicRowsProps {
  readonly table: TopicsTable;
  readonly topics: readonly string[];
  readonly sort: string;
}

/** The table; on a narrow screen each row is a line. */
export function TopicRows({ table, topics, sort }: TopicRowsProps) {
  return (
    <div class="scroll" tabindex={0} role="region" aria-label="Topics">
      <table class="topics">
        <thead>
          <tr>
            {columns.map((column) => (
              <HeaderCell key={column.name} {...column} sort={sort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {topics.map((topic) => {
            const row = table.rows.get(topic);
            return row === undefined ? null : (
              <Row key={topic} row={row} spark={table.sparks.get(topic) ?? none} />
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function HeaderCell({
  name,
  label,
  number,
  sorts,
  sort,
}: (typeof columns)[number] & { readonly sort: string }) {
  const place = usePlace();
  const style = number ? "number" : "";
  if (!sorts) {
    return (
      <th scope="col" class={style}>
        {label}
      </th>
    );
  }
  const direction = sort === name ? "ascending" : sort === `-${name}` ? "descending" : undefined;
  // First click: figures descending, words ascending. Second click: reversed. Third click: unsorted.
  const [first, second] = number ? [`-${name}`, name] : [name, `-${name}`];
  const next = sort === first ? second : sort === second ? null : first;
  return (
    <th scope="col" class={style} aria-sort={direction}>
      <a href={hrefWith(place, { sort: next, page: null })}>
        {label}
        <span aria-hidden="true">
          {direction === undefined ? "" : direction === "ascending" ? " ↑" : " ↓"}
        </span>
      </a>
    </th>
  );
}

const Row = memo(({ row, spark }: { readonly row: TopicRow; readonly spark: readonly number[] }) => {
  const { topic, state, reason, remedy, source, index, owned, partitions, lag, rate } = row;
  return (
    <tr>
      <th scope="row">
        <a href={`/ui/topics/${topic}`}>{topic}</a>
      </th>
      <td class="state-cell">
        <StateLabel state={state} />
        {reason === null ? null : (
          <span class="why" title={reason}>
            <Told text={reason} />
          </span>
        )}
        {remedy === null ? null : (
          <span class="why" title={remedy}>
            → <Hostile text={remedy} />
          </span>
        )}
      </td>
      <td class="number">
        <Count value={lag} />
      </td>
      <td class="number">
        <Sparkline values={spark} /> <Rate value={rate} />
      </td>
      <td class="number detail">
        <Count value={row.indexed} />
      </td>
      <td class={`number ${row.deadLettered > 0 ? "bad" : "detail"}`}>
        <Count value={row.deadLettered} />
      </td>
      <td class="number detail">
        <Count value={row.duplicate} />
      </td>
      <td class="number detail">
        <Count value={row.skipped} />
      </td>
      <td class="number detail" title={`${owned} of ${partitions} are read by this host`}>
        {owned === partitions ? owned : `${owned} of ${partitions}`}
      </td>
      <td class="detail clipped" title={index}>
        {index}
      </td>
      <td class="detail clipped" title={source?.name}>
        <ShortSource source={source} />
      </td>
    </tr>
  );
});
