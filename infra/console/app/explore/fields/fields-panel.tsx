import type { LogFields } from "../../../../api/log/fields.ts";
import { Hostile } from "../../components/hostile.tsx";
import { useAnswer } from "../../state/use-answer.ts";
import { exactCount } from "../../text/format.ts";
import { fieldFilter, filteredHref } from "../document/field-filter.ts";
import { type ExploreState, fieldsPath, type SearchState } from "../query/address.ts";

interface FieldsPanelProps {
  readonly state: ExploreState;
  /** The search with its absolute range. */
  readonly searched: SearchState;
  readonly onChange: (changes: Partial<ExploreState>) => void;
}

/** The fields of what was found, with their most frequent values. */
export function FieldsPanel({ state, searched, onChange }: FieldsPanelProps) {
  const { data, error } = useAnswer<LogFields>(fieldsPath(searched));
  return (
    <section class="fields-panel" aria-label="Fields of these lines">
      {error === null ? null : (
        <p class="bad" role="alert">
          <Hostile text={error} />
        </p>
      )}
      {data?.problems.map((problem) => (
        <p key={problem} class="warning">
          <Hostile text={problem} />
        </p>
      ))}
      {data === null ? (
        <p class="muted">Loading…</p>
      ) : (
        <p class="muted">
          {data.fields.length === 0
            ? "No fields to show."
            : `Fields of the newest lines; values of ${exactCount(data.documents)}`}
        </p>
      )}
      {data?.fields.map((field) => (
        <Field key={field.name} field={field} documents={data.documents} state={state} onChange={onChange} />
      ))}
    </section>
  );
}

interface FieldProps extends Omit<FieldsPanelProps, "searched"> {
  readonly field: LogFields["fields"][number];
  readonly documents: number;
}

function Field({ field, documents, state, onChange }: FieldProps) {
  const { name, values } = field;
  const isColumn = state.columns.includes(name);
  const others = state.columns.filter((column) => column !== name);
  return (
    <details>
      <summary>
        <Hostile text={name} /> <span class="muted">{share(field.documents, documents)}</span>
      </summary>
      <p class="bar">
        <span class="muted">{field.types.join(", ")}</span>
        <button
          type="button"
          class="plain"
          aria-pressed={isColumn ? "true" : "false"}
          onClick={() => onChange({ columns: isColumn ? others : [...others, name] })}
        >
          Column
        </button>
      </p>
      {values === null ? (
        <p class="muted">Values of this type are not counted.</p>
      ) : (
        <ul class="plain-list">
          {values.map(({ value, documents: having }) => (
            <li key={value}>
              <meter min={0} max={documents} value={having} aria-hidden="true" />
              <span class="value">
                <Hostile text={value} />
              </span>
              <span class="muted" title={exactCount(having)}>
                {share(having, documents)}
              </span>
              {[false, true].map((exclude) => (
                <a
                  key={String(exclude)}
                  href={filteredHref(state, fieldFilter(name, value, exclude))}
                  aria-label={`${exclude ? "Exclude" : "Filter for"} ${name}: ${value}`}
                >
                  {exclude ? "−" : "+"}
                </a>
              ))}
            </li>
          ))}
        </ul>
      )}
    </details>
  );
}

function share(part: number, all: number): string {
  const percent = all === 0 ? 0 : (part / all) * 100;
  return percent > 0 && percent < 1 ? "<1 %" : `${Math.round(percent)} %`;
}
