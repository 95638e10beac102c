import type { DigestResult } from "../../../../functions/digest-dead-letters.ts";
import { plural } from "../text/format.ts";
import { useAnswer } from "../state/use-answer.ts";
import { Hostile } from "../components/hostile.tsx";

/** Dead letters of one topic, by kind. Requested once, since it reads the dead-letter topic. */
export function TopicLetters({ topic }: { readonly topic: string }) {
  const { data, error, loading, again } = useAnswer<DigestResult>(`/dead-letters?topic=${topic}`);
  return (
    <section>
      <h2>Dead letters</h2>
      {loading ? <p class="muted">Reading the dead-letter topic…</p> : null}
      {error === null ? null : (
        <p class="bad">
          <Hostile text={error} />{" "}
          <button type="button" class="plain" onClick={again}>
            Retry
          </button>
        </p>
      )}
      {data === null ? null : data.letters === 0 ? (
        <p>None.</p>
      ) : (
        <ul class="plain-list">
          {data.groups.map(({ field, error: type, count, sample }) => (
            <li key={`${field}/${type}`}>
              {plural(count, "record")}: <code>{type}</code>
              {field === null ? "" : " of field "}
              {field === null ? null : (
                <code>
                  <Hostile text={field} />
                </code>
              )}
              , for example <Hostile text={sample.reason} />
            </li>
          ))}
          <li>
            <a href={`/ui/dead-letters?topic=${topic}`}>Look and replay</a>
          </li>
        </ul>
      )}
    </section>
  );
}
