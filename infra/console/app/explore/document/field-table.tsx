import { useMemo, useState } from "../../hooks/hooks.ts";
import type { LogDocument } from "../../../../api/logs.ts";
import { Hostile } from "../../components/hostile.tsx";
import { plural } from "../../text/format.ts";
import { visibleText } from "../../text/visible-text.ts";
import type { ExploreState } from "../query/address.ts";
import { CutText } from "./cut-text.tsx";
import { fieldName, fieldsOf, type JsonField } from "../../../../../lib/rules/search/fields/flat-fields.ts";
import { fieldFilter, filteredHref, isFilter } from "./field-filter.ts";

/** Repeats the texts of a flattened document, so that they can be found by their words. */
const wordsField = "kafka.words";
const shownFields = 200;
const shownLength = 65_536;

/** A document's fields, with buttons that narrow the search to their values. */
export function FieldTable({
  document: { raw, ignored },
  state,
}: {
  readonly document: Pick<LogDocument, "raw" | "ignored">;
  readonly state: ExploreState;
}) {
  const fields = useMemo(() => fieldsOf(raw).filter(({ path }) => path !== wordsField), [raw]);
  const [all, showAll] = useState(false);
  const shown = all ? fields : fields.slice(0, shownFields);
  return (
    <div class="scroll" tabindex={0} role="region" aria-label="Fields">
      <table class="fields">
        <tbody>
          {shown.map((field) => (
            <tr key={field.path}>
              <th scope="row">
                <Hostile text={field.path} />
              </th>
              <td>
                <CutText text={field.value} limit={shownLength} />
              </td>
              <td>{isFilter(field, ignored) ? <Filters field={field} state={state} /> : null}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length < fields.length ? (
        <button type="button" onClick={() => showAll(true)}>
          Show all {plural(fields.length, "field")}
        </button>
      ) : null}
    </div>
  );
}

function Filters({ field, state }: { readonly field: JsonField; readonly state: ExploreState }) {
  const { path, value } = field;
  const named = visibleText(`${fieldName(path)}: ${value.slice(0, 80)}`);
  return (
    <span class="filters">
      {[
        { words: "Filter for", exclude: false },
        { words: "Exclude", exclude: true },
      ].map(({ words, exclude }) => (
        <a
          key={words}
          href={filteredHref(state, fieldFilter(path, value, exclude))}
          aria-label={`${words} ${named}`}
        >
          {words}
        </a>
      ))}
    </span>
  );
}
