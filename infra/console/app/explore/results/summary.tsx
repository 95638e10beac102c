import { CopyButton } from "../../components/copy-button.tsx";
import { exactCount } from "../../text/format.ts";
import { histogram } from "../../state/preferences.ts";
import { useStore } from "../../state/store.ts";
import { exportPath, type ExploreState } from "../query/address.ts";
import { linkOf } from "../document/document-view.tsx";
import type { Search } from "../query/use-search.ts";

interface SummaryProps {
  /** With absolute times, once known. */
  readonly state: ExploreState;
  readonly search: Search;
  /** The effect of the last shortcut. */
  readonly said: string | null;
}

/** The number of results, and actions on them. */
export function Summary({ state, search: { found, loading }, said }: SummaryProps) {
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
      <CopyButton label="Copy link" text={() => linkOf(state)} />
      <span>
        Export{" "}
        <a href={exportPath(state, "ndjson")} download="">
          NDJSON
        </a>{" "}
        ·{" "}
        <a href={exportPath(state, "csv")} download="">
          CSV
        </a>{" "}
        <span class="muted">(at most 10,000)</span>
      </span>
      {hidden ? (
        <button type="button" class="plain" onClick={() => histogram.set("shown")}>
          Show chart
        </button>
      ) : null}
      <span role="status">{said}</span>
    </div>
  );
}
