import { CopyButton } from "../../components/copy-button.tsx";
import { exactCount } from "../../text/format.ts";
import { histogram } from "../../state/preferences.ts";
import { wrapping } from "./wrapping.ts";
import { useStore } from "../../state/store.ts";
import { exportPath, type ExploreState } from "../query/address.ts";
import { linkOf } from "../document/document-view.tsx";
import type { Search } from "../query/use-search.ts";

interface SummaryProps {
  readonly state: ExploreState;
  /** The same with absolute times, once known. */
  readonly shared: ExploreState;
  readonly search: Search;
  /** The effect of the last shortcut. */
  readonly said: string | null;
  readonly fieldsShown: boolean;
  readonly onFields: () => void;
  readonly onChange: (changes: Partial<ExploreState>) => void;
}

/** The number of results, and actions on them. */
export function Summary(props: SummaryProps) {
  const { state, shared, said, fieldsShown, onFields, onChange } = props;
  const { found, loading } = props.search;
  const wraps = useStore(wrapping) === "on";
  const hidden = useStore(histogram) === "hidden";
  const total = found?.total;
  return (
    <div class="bar summary">
      <strong role="status">
        {loading
          ? "Searching…"
          : total === undefined
            ? ""
            : `${exactCount(total.value)}${total.exact ? "" : "+"} ${total.value === 1 && total.exact ? "match" : "matches"}`}
      </strong>
      <CopyButton label="Copy link" text={() => linkOf(shared)} />
      <span>
        Export{" "}
        <a href={exportPath(shared, "ndjson")} download="">
          NDJSON
        </a>{" "}
        ·{" "}
        <a href={exportPath(shared, "csv")} download="">
          CSV
        </a>{" "}
        <span class="muted">(at most 10,000)</span>
      </span>
      <button type="button" aria-pressed={fieldsShown ? "true" : "false"} onClick={onFields}>
        Field list
      </button>
      <button
        type="button"
        aria-pressed={wraps ? "true" : "false"}
        onClick={() => wrapping.set(wraps ? "off" : "on")}
      >
        Wrap
      </button>
      <button
        type="button"
        aria-label={`Order: ${state.oldestFirst ? "oldest" : "newest"} first`}
        onClick={() => onChange({ oldestFirst: !state.oldestFirst })}
      >
        {state.oldestFirst ? "↑ Oldest first" : "↓ Newest first"}
      </button>
      {hidden ? (
        <button type="button" class="plain" onClick={() => histogram.set("shown")}>
          Show chart
        </button>
      ) : null}
      <span role="status">{said}</span>
    </div>
  );
}
