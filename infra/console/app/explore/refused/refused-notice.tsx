import type { FailureAnswer } from "../../../../api/logs.ts";
import { Hostile } from "../../components/hostile.tsx";
import { Notice } from "../../components/notice.tsx";
import { exactCount } from "../../text/format.ts";
import type { Answer } from "../../state/use-answer.ts";
import { exploreHref, type ExploreState } from "../query/address.ts";

/** Says that documents of this search's topics and time were refused, and leads to them. */
export function RefusedNotice({
  answer: { data, error },
  state,
}: {
  readonly answer: Answer<FailureAnswer>;
  readonly state: ExploreState;
}) {
  if (error !== null)
    return (
      <Notice kind="info">
        Whether documents were refused in this time is not known: <Hostile text={error} />
      </Notice>
    );
  if (data === null) return null;
  const { total, problems } = data;
  if (total.value === 0 && problems.length === 0) return null;
  return (
    <Notice kind="info">
      {problems.map((problem) => (
        <span key={problem}>
          <Hostile text={problem} />{" "}
        </span>
      ))}
      {total.value === 0 ? null : (
        <>
          {exactCount(total.value)}
          {total.exact ? "" : "+"} {total.value === 1 ? "document was" : "documents were"} refused in this
          time and kept in a failure store. A search finds only what was indexed after all.{" "}
          <a href={exploreHref({ ...state, query: "", doc: null, refused: true })}>Show what was refused</a>
        </>
      )}
    </Notice>
  );
}
