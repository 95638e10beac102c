import { useMemo, useState } from "hono/jsx/dom";
import { Hostile } from "../components/hostile.tsx";
import { plural } from "../format.ts";
import { visibleText } from "../visible-text.ts";
import { exploreHref, type ExploreState } from "./address.ts";
import { CutText } from "./cut-text.tsx";
import { fieldsOf, type JsonField } from "./json-text.ts";
import { maxFilterLength, withValue } from "./query-words.ts";

const shownFields = 200;
const shownLength = 65_536;

/** A document's fields, each of which narrows the search. */
export function FieldTable({ raw, state }: { readonly raw: string; readonly state: ExploreState }) {
  const fields = useMemo(() => fieldsOf(raw), [raw]);
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
              <td>
                <Filters field={field} state={state} />
              </td>
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

/** The time has its own picker; a long text is no filter that anybody could read. */
function Filters({
  field: { path, value },
  state,
}: {
  readonly field: JsonField;
  readonly state: ExploreState;
}) {
  if (path === "@timestamp" || value === "" || value.length > maxFilterLength) return null;
  const named = visibleText(value.slice(0, 80));
  return (
    <span class="filters">
      {[
        { words: "Filter for", exclude: false },
        { words: "Exclude", exclude: true },
      ].map(({ words, exclude }) => (
        <a
          key={words}
          href={exploreHref({ ...state, query: withValue(state.query, value, exclude), doc: null })}
          aria-label={`${words} ${named}`}
        >
          {words}
        </a>
      ))}
    </span>
  );
}
