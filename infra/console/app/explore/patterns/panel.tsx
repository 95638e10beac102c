import { wildcard } from "../../../../../lib/rules/patterns/mask.ts";
import { patternQuery } from "../../../../../lib/rules/patterns/pattern-query.ts";
import type { Pattern } from "../../../../../lib/rules/patterns/patterns.ts";
import { Count } from "../../components/figures.tsx";
import { Hostile } from "../../components/hostile.tsx";
import { Notice } from "../../components/notice.tsx";
import { plural } from "../../text/format.ts";
import { exploreHref, type ExploreState, exportPath } from "../query/address.ts";
import { usePatterns } from "./use-patterns.ts";
import { Table } from "../../parts/table.tsx";

/** Characters of a sample. */
const sampleLength = 400;

interface PanelProps {
  /** The search, which the links narrow. */
  readonly state: ExploreState;
}

/** The lines of a search by the statements that wrote them, the most frequent first. */
export function PatternsPanel({ state }: PanelProps) {
  const { answer, again } = usePatterns(exportPath(state, "ndjson"));
  if (answer === null) return <p class="muted">Sorting up to 10,000 lines…</p>;
  const repeat = (
    <button type="button" class="plain" onClick={again}>
      Sort again
    </button>
  );
  if (answer.kind === "failed")
    return (
      <Notice kind="bad">
        {answer.reason} {repeat}
      </Notice>
    );
  const { lines, isCut, patterns, others } = answer;
  return (
    <section aria-label="Patterns">
      <p class="muted">
        {plural(patterns.length, "pattern")} in {isCut ? "the newest" : "all"} {plural(lines, "line")}
        {isCut ? ", as older ones, if any, are not read" : ""}
        {others > 0 ? `; ${plural(others, "line")} of rarer ones` : ""}. {wildcard} stands for what differs. A
        search for the other words may find lines of similar patterns, too. {repeat}
      </p>
      <Table
        label="Lines by pattern"
        look="cards patterns"
        columns={[["Lines", "number"], ["Share", "number"], "Pattern", ["Search", "unseen"]]}
      >
        <tbody>
          {patterns.map((pattern) => (
            <PatternRow key={pattern.words.join(" ")} pattern={pattern} lines={lines} state={state} />
          ))}
        </tbody>
      </Table>
    </section>
  );
}

interface RowProps {
  readonly pattern: Pattern;
  readonly lines: number;
  readonly state: ExploreState;
}

function PatternRow({ pattern, lines, state }: RowProps) {
  const { words, count, sample } = pattern;
  const text = words.join(" ");
  const share = (100 * count) / lines;
  return (
    <tr>
      <td data-label="Lines" class="number">
        <Count value={count} />
      </td>
      <td data-label="Share" class="number">
        {share < 0.1 ? "< 0.1" : share.toFixed(1)} %
      </td>
      <td class="reason state-cell">
        <details>
          <summary>
            <Hostile text={text} />
          </summary>
          <Hostile text={sample.slice(0, sampleLength)} />
        </details>
      </td>
      <td>
        <Narrow pattern={pattern} state={state} name={text.slice(0, 80)} />
      </td>
    </tr>
  );
}

function Narrow({ pattern, state, name }: Pick<RowProps, "pattern" | "state"> & { readonly name: string }) {
  return (
    <span class="filters">
      {[
        { words: "Only these", exclude: false },
        { words: "Without them", exclude: true },
      ].map(({ words, exclude }) => {
        const query = patternQuery(pattern, exclude);
        return query === null ? null : (
          <a
            key={words}
            href={exploreHref({ ...state, filters: [...new Set([...state.filters, query])], doc: null })}
          >
            {words}
            <span class="unseen">
              : <Hostile text={name} />
            </span>
          </a>
        );
      })}
    </span>
  );
}
