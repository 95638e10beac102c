import type { Level } from "../../level/log-level.ts";
import { levelOf } from "../../level/shown-levels.ts";
import type { FoundHit } from "./answer.ts";
import { lineBytes } from "../query/body.ts";
import { cutDocument } from "./cut-document.ts";
import { fieldsThatGaveWay } from "./ignored-fields.ts";
import { messageText } from "./message-text.ts";
import { fragmentLine, lineOf, type Segment } from "./segments.ts";

/** One line of a search result. */
export interface LogHit {
  readonly id: string;
  readonly index: string;
  /** Null, like the next three, if the document does not say. */
  readonly topic: string | null;
  readonly partition: number | null;
  readonly offset: number | null;
  /** ISO 8601. */
  readonly timestamp: string | null;
  /** The message, or the document's own fields as JSON, in segments; at most {@link lineBytes}. */
  readonly line: readonly Segment[];
  /** Whether the text is longer. */
  readonly cut: boolean;
  /** Size of the whole text as UTF-8; null if it was too long to fetch. */
  readonly bytes: number | null;
  /** Null if the document has none that we know. */
  readonly level: Level | null;
  readonly tags: readonly string[];
  /** Fields that gave way: kept, but not searchable by name. */
  readonly ignored: readonly string[];
  /** The source as JSON with long strings cut; null if too large or not fetched. */
  readonly documentJson: string | null;
}

const documentBytes = 16_384;

export function logHitOf(hit: FoundHit, marker: string): LogHit {
  const [timestampMs, partition, offset] = hit.cursor ?? [null, -1, -1];
  return {
    id: hit.id,
    index: hit.index,
    topic: hit.topic,
    partition: partition < 0 ? null : partition,
    offset: offset < 0 ? null : offset,
    timestamp: isoTime(timestampMs),
    ...textOf(hit, marker),
    level: hit.level === null ? null : levelOf(hit.level),
    tags: hit.tags,
    ignored: fieldsThatGaveWay(hit.ignored, hit.source?.object ?? null),
    documentJson: hit.source === null ? null : cutDocument(hit.source.raw, lineBytes, documentBytes),
  };
}

function textOf({ source, marked }: FoundHit, marker: string): Pick<LogHit, "line" | "cut" | "bytes"> {
  if (source === null) {
    const { segments, cut } = fragmentLine(marked ?? "", marker, lineBytes);
    return { line: segments, cut, bytes: null };
  }
  const text = messageText(source.raw, source.object);
  const { segments, cut } = lineOf(text, marked, marker, lineBytes);
  return { line: segments, cut, bytes: Buffer.byteLength(text) };
}

/** ISO 8601; null if out of a date's range, like the sort value of a document without a timestamp. */
export function isoTime(timestampMs: number | null): string | null {
  if (timestampMs === null || Math.abs(timestampMs) > 8.64e15) return null;
  return new Date(timestampMs).toISOString();
}
