import type { LogAnswer } from "../../../../api/logs.ts";
import { Time } from "../../components/times.tsx";
import type { ExploreState } from "../query/address.ts";
import { Instead } from "../query/wrong-search.tsx";

interface EmptyProps {
  readonly found: LogAnswer;
  readonly state: ExploreState;
  readonly onChange: (changes: Partial<ExploreState>) => void;
}

const quarterMs = 900_000;

/** Shown without results; points to where there are some. */
export function Empty({ found, state, onChange }: EmptyProps) {
  const newestMs = found.newest === null ? null : Date.parse(found.newest);
  const goThere = (): void => {
    if (newestMs === null) return;
    const from = new Date(Math.max(0, newestMs - quarterMs)).toISOString();
    onChange({ from, to: new Date(newestMs).toISOString() });
  };
  return (
    <p class="empty">
      No logs{state.query === "" ? "" : " match"} between <Time at={Date.parse(found.from)} /> and{" "}
      <Time at={Date.parse(found.to)} />.{" "}
      {newestMs === null ? (
        "There are none at any other time either. "
      ) : (
        <>
          The newest here is from <Time at={newestMs} />.{" "}
          <button type="button" onClick={goThere}>
            Go there
          </button>{" "}
        </>
      )}
      {found.meant.length === 0 ? "" : "Did you mean another field? "}
      {found.meant.map(({ part, instead }) => (
        <Instead
          key={`${part.at} ${part.text}`}
          wrong={{ ...part, instead }}
          state={state}
          onChange={onChange}
        />
      ))}
      {/(?:^|\s)not\s/.test(state.query) ? (
        <>
          “not” before a word is a word here; <code>NOT</code> or <code>-word</code> excludes it.{" "}
        </>
      ) : null}
      {newestMs === null || state.from === "now-24h" ? null : (
        <button type="button" onClick={() => onChange({ from: "now-24h", to: "now" })}>
          Last 24 hours
        </button>
      )}
    </p>
  );
}
