import { maxSearchLength } from "../../../../../lib/rules/search/grammar/limits.ts";
import type { RefObject } from "../../hooks/hooks.ts";
import type { ExploreState } from "./address.ts";
import { Pills } from "./pills.tsx";
import { recentQueries } from "./recent-queries.ts";
import { Refresh } from "./refresh.tsx";
import { TimePicker } from "./time-picker.tsx";
import type { TimeRange } from "./time-range.ts";
import { TopicPicker } from "./topic-picker.tsx";

interface SearchBarProps {
  readonly state: ExploreState;
  /** The absolute range of the last search. */
  readonly searched: TimeRange | null;
  readonly field: RefObject<HTMLInputElement | null>;
  readonly tailing: boolean;
  readonly loading: boolean;
  readonly again: () => void;
  readonly onChange: (changes: Partial<ExploreState>) => void;
  readonly onSearch: (query: string) => void;
  readonly onTail: () => void;
}

/** Topics, time range and query. */
export function SearchBar(props: SearchBarProps) {
  const { state, searched, field, tailing, onChange, onSearch, onTail } = props;
  return (
    <div class="search-bar">
      <div class="bar">
        <TopicPicker topics={state.topics} onChange={(topics) => onChange({ topics })} />
        <TimePicker range={state} searched={searched} onChange={onChange} />
        {tailing ? null : <Refresh loading={props.loading} again={props.again} />}
      </div>
      <form
        class="bar"
        role="search"
        onSubmit={(event: Event) => {
          event.preventDefault();
          onSearch(field.current?.value ?? "");
        }}
      >
        <input
          ref={field}
          type="search"
          aria-label="Search the lines"
          aria-describedby="query-help"
          placeholder="Search  /"
          maxlength={maxSearchLength}
          list="recent-queries"
          autocomplete="off"
          spellcheck={false}
          value={state.query}
        />
        <datalist id="recent-queries">
          {recentQueries().map((query) => (
            <option key={query} value={query} />
          ))}
        </datalist>
        <button type="submit" class="primary">
          Search
        </button>
        <button type="button" aria-pressed={tailing ? "true" : "false"} onClick={onTail}>
          Live tail
        </button>
      </form>
      <Pills filters={state.filters} onChange={onChange} />
      <p id="query-help" class="muted">
        <code>"a phrase"</code>, <code>prefix*</code>, <code>-not</code>, <code>OR</code>,{" "}
        <code>log.level: error</code>, <code>status &gt;= 500</code>, <code>user: *</code>
      </p>
    </div>
  );
}
