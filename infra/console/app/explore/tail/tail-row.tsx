import { memo, useEffect, useRef, useState } from "../../hooks/hooks.ts";
import { documentId } from "../../../../../lib/rules/documents/document-id.ts";
import type { TailLine } from "../../../../api/logs.ts";
import { CopyButton } from "../../components/copy-button.tsx";
import { Hostile } from "../../components/hostile.tsx";
import { sizeText } from "../../../../../lib/rules/base/units.ts";
import { clock } from "../../state/clock.ts";
import { zone } from "../../state/preferences.ts";
import { useStore } from "../../state/store.ts";
import { clockTime, exactCount } from "../../text/format.ts";
import { visibleText } from "../../text/visible-text.ts";
import { exploreHref } from "../query/address.ts";
import type { TailEntry } from "./tail-buffer.ts";
import { around } from "../query/time-range.ts";

type Halt = { readonly current: (() => void) | null };

/** A chunk of the tail, rendered again only if its lines change: comparing a thousand lines is slow. */
export const TailChunk = memo(
  ({ entries, halt }: { readonly entries: readonly TailEntry[]; readonly halt: Halt }) => (
    <div class="chunk">
      {entries.map((entry) => (
        <TailRow key={entry.key} entry={entry} halt={halt} />
      ))}
    </div>
  ),
  // Keys increase without gaps.
  (before, after) =>
    before.entries.length === after.entries.length && before.entries[0]?.key === after.entries[0]?.key,
);

interface TailRowProps {
  readonly entry: TailEntry;
  /** Called when it is opened, to pause the tail. */
  readonly halt: Halt;
}

/**
 * A line of the tail. Rendered again only when opened, and with few elements, since the page holds many of them: its time and
 * partition are the text of its button.
 */
const TailRow = memo(({ entry: { line }, halt }: TailRowProps) => {
  const [open, setOpen] = useState(false);
  const inZone = useStore(zone);
  if (line === null)
    return <p class="gap muted">— the connection was lost here; what came meanwhile is not shown —</p>;
  const toggle = (): void => {
    if (!open) halt.current?.();
    setOpen(!open);
  };
  const { topic, partition, offset, timestamp, outcome } = line;
  const at = timestamp === null ? Number.NaN : Date.parse(timestamp);
  return (
    <>
      <div
        class={`line ${open ? "open" : ""}`}
        onClick={(event: MouseEvent) => {
          if (event.target instanceof Element && event.target.closest("button") !== null) return;
          if (getSelection()?.isCollapsed !== false) toggle();
        }}
      >
        <button
          type="button"
          class="plain toggle"
          aria-expanded={open ? "true" : "false"}
          title={`Partition ${partition}, offset ${exactCount(offset)}`}
          onClick={toggle}
        >
          {`${clockTime(at, inZone, clock.get(), { millis: true })} ${topic}/${partition}`}
          {outcome === "indexed" ? null : <strong> {outcome}</strong>}
        </button>
        <bdi class="text">{visibleText(line.text)}</bdi>
      </div>
      {open ? <TailDetails line={line} /> : null}
    </>
  );
});

function TailDetails({ line }: { readonly line: TailLine }) {
  const { topic, partition, offset, timestamp, outcome, text, cut, bytes } = line;
  const at = timestamp === null ? null : Date.parse(timestamp);
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => element.current?.scrollIntoView({ block: "nearest" }), []);
  const isIndexed = outcome === "indexed" || outcome === "duplicate";
  return (
    <div ref={element} class="document">
      <div class="bar">
        <span>
          {outcome}, partition {partition}, offset {exactCount(offset)}
        </span>
        <CopyButton label="Copy" text={() => text} />
        {at === null || !isIndexed ? null : (
          <a
            href={exploreHref({
              topics: [topic],
              ...around(at, 60_000),
              doc: { topic, id: documentId(topic, { partition, offset, timestamp: at }) },
            })}
          >
            Whole document and context ±
          </a>
        )}
      </div>
      <pre class="raw">
        <Hostile text={text} keep={"\n\t"} />
        {cut ? `… (${sizeText(bytes)} in all)` : ""}
      </pre>
    </div>
  );
}
