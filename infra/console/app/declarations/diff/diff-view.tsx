import { useMemo } from "../../hooks/hooks.ts";
import { Hostile } from "../../components/hostile.tsx";
import { plural } from "../../text/format.ts";
import { lineDiff, type DiffLine } from "./line-diff.ts";

const marks = { same: " ", removed: "−", added: "+" } as const;
const spoken = { same: "", removed: "removed: ", added: "added: " } as const;
/** Limits for the page, since a single line may be a value of 1 MB. */
const shownCharacters = 2_000;
const shownLines = 400;

/** The change of a key's text; null if the key is absent. */
export function DiffView({
  before,
  after,
  label,
}: {
  readonly before: string | null;
  readonly after: string | null;
  readonly label: string;
}) {
  const lines = useMemo(() => lineDiff(before, after), [before, after]);
  return (
    <div class="diff" tabindex={0} role="region" aria-label={label}>
      {lines.slice(0, shownLines).map((line, place) => (
        <Line key={place} line={line} />
      ))}
      {lines.length > shownLines ? (
        <div class="muted">and {plural(lines.length - shownLines, "line")} more</div>
      ) : null}
    </div>
  );
}

function Line({ line }: { readonly line: DiffLine }) {
  if (line.kind === "gap") return <div class="muted">… {plural(line.count, "unchanged line")}</div>;
  const { kind, text } = line;
  const more = text.length - shownCharacters;
  return (
    <div class={kind}>
      <span aria-hidden="true">{marks[kind]} </span>
      <span class="unseen">{spoken[kind]}</span>
      <Hostile text={more > 0 ? text.slice(0, shownCharacters) : text} keep={"\t"} />
      {more > 0 ? <span class="muted">… {plural(more, "character")} more</span> : null}
    </div>
  );
}
