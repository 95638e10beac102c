import type { KafkaTopic, ListKafkaTopicsResult } from "../../../../functions/list-kafka-topics.ts";
import { Count } from "../components/figures.tsx";
import { useReadOnly } from "../components/read-only.tsx";
import { hrefWith, usePlace } from "../state/router.ts";
import { useAnswer } from "../state/use-answer.ts";
import { exactCount, plural } from "../text/format.ts";
import { Filter } from "../parts/filter.tsx";
import { Problem } from "../parts/problem.tsx";
import { Table } from "../parts/table.tsx";

/** The topics of the cluster, those that nobody declared first. */
export function KafkaTopics() {
  const place = usePlace();
  const [q, undeclared] = ["q", "undeclared"].map((name) => place.query.get(name) ?? "");
  const asked = new URLSearchParams({ q: q ?? "", undeclared: undeclared === "1" ? "true" : "false" });
  const { data, error, again } = useAnswer<ListKafkaTopicsResult>(`/kafka/topics?${asked.toString()}`);
  return (
    <>
      <h1>Kafka</h1>
      <div class="bar">
        <Filter label="Filter by name" text={q ?? ""} />
        <a
          class={`chip ${undeclared === "1" ? "on" : ""}`}
          href={hrefWith(place, { undeclared: undeclared === "1" ? null : "1" })}
          aria-current={undeclared === "1" ? "true" : undefined}
        >
          {data === null ? "Not declared" : `${exactCount(data.undeclared)} not declared`}
        </a>
        <button type="button" onClick={again}>
          Refresh
        </button>
      </div>
      <Problem text={error} />
      {data === null ? error === null ? <p class="muted">Loading…</p> : null : <TopicTable found={data} />}
    </>
  );
}

function TopicTable({ found: { total, found, topics } }: { readonly found: ListKafkaTopicsResult }) {
  const rest = found - topics.length;
  if (topics.length === 0)
    return <p>{total === 0 ? "Kafka has no topics yet." : "No topic of this cluster matches."}</p>;
  return (
    <>
      <Table
        label="Topics in Kafka"
        columns={["Topic", "Declared", ["Partitions", "number"], ["Records", "number"]]}
      >
        <tbody>
          {topics.map((topic) => (
            <TopicRow key={topic.topic} topic={topic} />
          ))}
        </tbody>
      </Table>
      {rest > 0 ? <p class="muted">and {plural(rest, "topic")} more: filter by name to see them.</p> : null}
    </>
  );
}

function TopicRow({ topic: { topic, partitions, declared, own, records } }: { readonly topic: KafkaTopic }) {
  const readOnly = useReadOnly();
  return (
    <tr>
      <th scope="row">
        {declared || own || !readOnly ? <a href={recordsHref({ topic })}>{topic}</a> : topic}
      </th>
      <td data-label="Declared">
        {declared ? (
          <a href={`/ui/topics/${topic}`}>declared</a>
        ) : own ? (
          <span class="muted">Penstock's own</span>
        ) : (
          <>
            <span class="warning">not declared</span>{" "}
            {readOnly ? null : (
              <a class="button" href={`/ui/declarations?form=add&topic=${encodeURIComponent(topic)}`}>
                Declare<span class="unseen"> {topic}</span>
              </a>
            )}
          </>
        )}
      </td>
      <td data-label="Partitions" class="number">
        {partitions}
      </td>
      <td data-label="Records" class="number">
        <Count value={records} />
      </td>
    </tr>
  );
}

/** The address of records. */
export function recordsHref(place: Readonly<Record<string, string | number>>): string {
  const words = Object.entries(place).map(([name, value]) => [name, String(value)]);
  return `/ui/kafka?${new URLSearchParams(words).toString()}`;
}
