import { useMemo, useState } from "../../hooks/hooks.ts";
import { sizeText } from "../../../../../lib/rules/base/units.ts";
import { parseRecordId } from "../../../../../lib/rules/documents/document-id.ts";
import type { LogDocument } from "../../../../api/logs.ts";
import { CopyButton } from "../../components/copy-button.tsx";
import { Hostile } from "../../components/hostile.tsx";
import { useAnswer } from "../../state/use-answer.ts";
import {
  type DocumentRef,
  documentPath,
  exploreHref,
  type ExploreState,
  frozenHref,
} from "../query/address.ts";
import { CutText } from "./cut-text.tsx";
import { DocumentNotes } from "./document-notes.tsx";
import { FieldTable } from "./field-table.tsx";
import { prettyJson } from "./json-text.ts";
import { Surrounding } from "./surrounding.tsx";
import { around } from "../query/time-range.ts";
import { asOptions, Choice } from "../../parts/choice.tsx";
import { Failed } from "../../parts/failed.tsx";

interface DocumentViewProps {
  readonly doc: DocumentRef;
  /** ISO 8601; null if unknown. */
  readonly timestamp: string | null;
  /** The current search, which the fields narrow. */
  readonly state: ExploreState;
  /** The same with absolute times, for a link to share. */
  readonly shared: ExploreState;
}

const views = ["Fields", "JSON", "Raw"] as const;
/** Characters of a text that are shown at first. */
const shownLength = 65_536;
/** Parsing a longer one would block the page. */
const maxParsedLength = 4 * 1024 * 1024;

/** A complete document, requested when it is opened. */
export function DocumentView({ doc, timestamp, state, shared }: DocumentViewProps) {
  const { data, error, again } = useAnswer<LogDocument>(documentPath(doc));
  const [view, show] = useState<(typeof views)[number]>("Fields");
  const [isAround, showAround] = useState(false);
  if (error !== null) {
    return <Failed error={error} again={again} />;
  }
  if (data === null) return <p class="muted">Loading…</p>;
  const record = parseRecordId(doc.id);
  const context = timestamp === null ? null : around(Date.parse(timestamp), 60_000);
  return (
    <div class="document">
      <div class="bar">
        <Choice label="Form" options={asOptions(views)} chosen={view} onChoose={show} />
        <span class="muted">{sizeText(data.bytes)}</span>
        <CopyButton label="Copy" text={() => data.raw} />
        <CopyButton label="Copy link" text={() => linkOf({ ...shared, doc })} />
        {timestamp === null ? null : (
          <button
            type="button"
            aria-pressed={isAround ? "true" : "false"}
            onClick={() => showAround(!isAround)}
          >
            Surrounding lines
          </button>
        )}
        {context === null ? null : (
          <a
            href={exploreHref({ topics: [doc.topic], ...context, doc })}
            title="The same topic, one minute before and after"
          >
            Context ±
          </a>
        )}
        {record === null ? null : (
          <a href={recordHref(record)} title="The record as it lies in Kafka">
            In Kafka
          </a>
        )}
      </div>
      {isAround && timestamp !== null ? <Surrounding doc={doc} timestamp={timestamp} /> : null}
      {data.raw.length <= maxParsedLength ? <DocumentNotes document={data} /> : null}
      <DocumentText key={view} view={view} document={data} state={state} />
      <p class="muted id">
        <Hostile text={data.id} /> in index <Hostile text={data.index} />
      </p>
    </div>
  );
}

function recordHref({
  topic,
  partition,
  offset,
}: {
  topic: string;
  partition: number;
  offset: number;
}): string {
  const at = new URLSearchParams({ topic, partition: String(partition), offset: String(offset) });
  return `/ui/kafka?${at.toString()}&open=${offset}`;
}

/** The page's address with its host, for sharing. */
export function linkOf(state: Partial<ExploreState>): string {
  return new URL(frozenHref(state, Date.now()), location.href).href;
}

function DocumentText({
  view,
  document,
  state,
}: {
  readonly view: (typeof views)[number];
  readonly document: LogDocument;
  readonly state: ExploreState;
}) {
  const { raw } = document;
  const isParsed = raw.length <= maxParsedLength;
  const pretty = useMemo(() => (view === "JSON" && isParsed ? prettyJson(raw) : raw), [view, raw]);
  if (view === "Fields" && isParsed) return <FieldTable document={document} state={state} />;
  return (
    <>
      {view === "Raw" || isParsed ? null : (
        <p class="muted">Too large to be taken apart here; as it was written:</p>
      )}
      <pre class="raw" tabindex={0} role="region" aria-label={view}>
        <CutText text={pretty} limit={shownLength} />
      </pre>
    </>
  );
}
