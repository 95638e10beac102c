import type { HistoryEvent, HistoryKind } from "../../../../lib/rules/history/event.ts";
import { isObject } from "../../../../lib/rules/json/object.ts";
import { Hostile } from "../components/hostile.tsx";
import { Time } from "../components/times.tsx";
import { DiffView } from "../declarations/diff/diff-view.tsx";

const marks: Readonly<Record<HistoryKind, string>> = {
  host: "◆",
  topics: "+",
  trouble: "▲",
  recovery: "✓",
  partitions: "⇄",
  declaration: "✎",
  order: "!",
  replay: "↻",
  settings: "⚙",
};
const shownTopics = 10;

/** One event: when, on which host, what, and the rest of the log line. */
export function EventRow({
  event: { at, host, kind, topics, more, text, fields },
}: {
  readonly event: HistoryEvent;
}) {
  const { changes, ...others } = fields;
  return (
    <li class={`event about-${kind}`}>
      <Time at={at} />
      <span class="mark" aria-hidden="true">
        {marks[kind]}
      </span>
      <div>
        <strong>{text}</strong>{" "}
        {topics.slice(0, shownTopics).map((topic, place) => (
          <>
            {place > 0 ? ", " : ""}
            <a href={`/ui/topics/${encodeURIComponent(topic)}`}>
              <Hostile text={topic} />
            </a>
          </>
        ))}
        {more || topics.length > shownTopics ? " and more" : ""}
        <Changes changes={changes} />
        <dl class="details">
          {Object.entries(others).map(([name, value]) =>
            isEmpty(value) ? null : (
              <div key={name}>
                <dt>
                  <Hostile text={name} />
                </dt>
                <dd>
                  <Hostile text={valueText(value)} />
                </dd>
              </div>
            ),
          )}
          <div>
            <dt>host</dt>
            <dd>
              <Hostile text={host} />
            </dd>
          </div>
        </dl>
      </div>
    </li>
  );
}

/** The fields that changed, from what to what. */
function Changes({ changes }: { readonly changes: unknown }) {
  if (!Array.isArray(changes) || changes.length === 0) return null;
  const known = changes.filter(isObject);
  const side = (name: "from" | "to"): string =>
    known.map((change) => `${String(change["field"])}: ${JSON.stringify(change[name] ?? null)}`).join("\n");
  return <DiffView before={side("from")} after={side("to")} label="What changed" />;
}

function isEmpty(value: unknown): boolean {
  return value === null || value === 0 || value === "" || (Array.isArray(value) && value.length === 0);
}

function valueText(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value.join(", ");
  return JSON.stringify(value);
}
