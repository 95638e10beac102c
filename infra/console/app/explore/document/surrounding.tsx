import { useState } from "../../hooks/hooks.ts";
import type { LogAnswer, LogHit } from "../../../../api/logs.ts";
import { Hostile } from "../../components/hostile.tsx";
import { Time } from "../../components/times.tsx";
import { useAnswer } from "../../state/use-answer.ts";
import { aroundPath, type DocumentRef } from "../query/address.ts";

const steps = 10;
const most = 100;

/** The lines of the topic before and after one, whatever was searched for. */
export function Surrounding({ doc, timestamp }: { readonly doc: DocumentRef; readonly timestamp: string }) {
  const [lines, setLines] = useState(steps);
  const before = useAnswer<LogAnswer>(aroundPath(doc, timestamp, "before", lines));
  const after = useAnswer<LogAnswer>(aroundPath(doc, timestamp, "after", lines));
  const error = before.error ?? after.error;
  if (error !== null) {
    return (
      <p class="bad" role="alert">
        <Hostile text={error} />
      </p>
    );
  }
  if (before.data === null || after.data === null) return <p class="muted">Loading…</p>;
  const hits = inOrder([...before.data.hits, ...after.data.hits]);
  return (
    <>
      <ol class="log surrounding" aria-label="Before and after">
        {hits.map((hit) => (
          <li
            key={`${hit.index}/${hit.id}`}
            class={hit.id === doc.id ? "line this" : "line"}
            aria-current={hit.id === doc.id ? "true" : undefined}
          >
            <span aria-hidden="true">{hit.id === doc.id ? "▶" : " "}</span>
            <Time at={Date.parse(hit.timestamp ?? "")} millis />
            <bdi class="text">
              <Hostile text={hit.line.map(([text]) => text).join("")} />
            </bdi>
          </li>
        ))}
      </ol>
      {lines >= most - steps ? null : (
        <button type="button" class="plain" onClick={() => setLines(lines + 2 * steps)}>
          More lines
        </button>
      )}
    </>
  );
}

/** Oldest first, each once: lines of one moment may be found on both sides. */
function inOrder(hits: readonly LogHit[]): LogHit[] {
  const unique = new Map(hits.map((hit) => [`${hit.index}/${hit.id}`, hit]));
  return [...unique.values()].toSorted(
    (a, b) =>
      Date.parse(a.timestamp ?? "") - Date.parse(b.timestamp ?? "") ||
      (a.partition ?? 0) - (b.partition ?? 0) ||
      (a.offset ?? 0) - (b.offset ?? 0),
  );
}
