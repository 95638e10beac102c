import { Hostile } from "../../components/hostile.tsx";
import { Notice } from "../../components/notice.tsx";
import { visibleText } from "../../text/visible-text.ts";
import type { ExploreState } from "./address.ts";
import type { WrongPart } from "./use-search.ts";

interface InsteadProps {
  readonly wrong: WrongPart;
  readonly state: ExploreState;
  readonly onChange: (changes: Partial<ExploreState>) => void;
}

interface WrongSearchProps extends InsteadProps {
  readonly error: string;
}

/** Marks the part of a search that the host does not understand, and offers what may stand there. */
export function WrongSearch({ error, wrong, state, onChange }: WrongSearchProps) {
  const { before, after } = placeIn(state, wrong);
  return (
    <Notice kind="bad" alert>
      <code class="searched">
        {visibleText(before)}
        <mark>{visibleText(wrong.text)}</mark>
        {visibleText(after)}
      </code>
      <br />
      <Hostile text={error} /> <Instead wrong={wrong} state={state} onChange={onChange} />
    </Notice>
  );
}

/** What may stand in the place of a part of the search; one click takes it. */
export function Instead({ wrong, state, onChange }: InsteadProps) {
  const { text, before, after } = placeIn(state, wrong);
  const mend = (other: string): void => {
    if (isIn(state.query, wrong)) onChange({ query: before + other + after });
    else onChange({ filters: state.filters.map((each) => (each === text ? before + other + after : each)) });
  };
  return (
    <>
      {wrong.instead.map((other) => (
        <button key={other} type="button" onClick={() => mend(other)}>
          Search for <Hostile text={other} />
        </button>
      ))}
    </>
  );
}

/** The query or filter that has the part, and what stands around it. */
function placeIn(state: ExploreState, wrong: WrongPart) {
  const text = [state.query, ...state.filters].find((each) => isIn(each, wrong)) ?? wrong.text;
  return { text, ...(isIn(text, wrong) ? around(text, wrong) : { before: "", after: "" }) };
}

function isIn(text: string, { at, text: part }: WrongPart): boolean {
  return text.startsWith(part, at);
}

function around(text: string, { at, text: part }: WrongPart) {
  return { before: text.slice(0, at), after: text.slice(at + part.length) };
}
