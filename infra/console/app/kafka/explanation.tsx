import type { RecordExplanation } from "../../../../functions/explain-record.ts";
import type { VerdictKind } from "../../../../lib/rules/inspection/verdict.ts";
import { Hostile } from "../components/hostile.tsx";
import { Notice, type NoticeKind } from "../components/notice.tsx";
import { Told } from "../components/times.tsx";
import { exploreHref } from "../explore/query/address.ts";
import { useAnswer } from "../state/use-answer.ts";
import { exactCount } from "../text/format.ts";
import { Failed } from "../parts/failed.tsx";

/** What needs somebody; everything else is as it should be, or passes by itself. */
const troubles: ReadonlySet<VerdictKind> = new Set([
  "retrying",
  "dead-lettered",
  "failure store",
  "lost",
  "missing",
]);
const fine: ReadonlySet<VerdictKind> = new Set(["indexed", "elsewhere"]);

/** Why a record is, or is not, in the index. Asked when it is shown. */
export function Explanation(at: {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}) {
  const asked = new URLSearchParams(Object.entries(at).map(([name, value]) => [name, String(value)]));
  const { data, error, loading, again } = useAnswer<RecordExplanation>(
    `/records/explanation?${asked.toString()}`,
  );
  if (error !== null) return <Failed error={error} again={again} />;
  if (data === null) return <p class="muted">Looking into Kafka, Elasticsearch and the dead letters…</p>;
  const { kind, message, remedy, committed, documents, notes } = data;
  return (
    <Notice kind={noticeKind(kind)} alert>
      <strong>{kind}</strong>: <Told text={message} /> {remedy === null ? null : <Hostile text={remedy} />}{" "}
      {documents.map(({ index, id }) => (
        <a key={id} href={exploreHref({ topics: [at.topic], doc: { topic: at.topic, id } })}>
          Its document in <Hostile text={index} />
        </a>
      ))}
      {kind === "undeclared" ? (
        <a href={`/ui/declarations?form=add&topic=${encodeURIComponent(at.topic)}`}>Declare it</a>
      ) : null}
      {notes.map((note) => (
        <p key={note} class="muted">
          <Hostile text={note} />
        </p>
      ))}
      <p class="muted">
        {committed === null
          ? "The group has committed nothing here."
          : `The group has committed everything before offset ${exactCount(committed)}.`}{" "}
        <button type="button" class="plain" disabled={loading} onClick={again}>
          Ask again
        </button>
      </p>
    </Notice>
  );
}

function noticeKind(kind: VerdictKind): NoticeKind {
  if (fine.has(kind)) return "ok";
  return troubles.has(kind) ? "bad" : "info";
}
