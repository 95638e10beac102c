import type { FoundHit } from "./answer.ts";
import { lineBytes } from "../query/body.ts";
import { cutDocument } from "./cut-document.ts";
import { fieldsThatGaveWay } from "./ignored-fields.ts";
import { messageText } from "./message-text.ts";
import { fragmentLine, lineOf, type Segment } from "./segments.ts";

/** One line of a search's result. */
export interface LogHit {
  readonly id: string;
  readonly index: string;
  /** Null, like the next three, where the document does not say. */
  readonly topic: string | null;
  readonly partition: number | null;
  readonly offset: number | null;
  /** ISO 8601. */
  readonly timestamp: string | null;
  /** The message, or the own fields as JSON, in pieces; at most {@link lineBytes}. */
  readonly line: readonly Segment[];
  /** True: the text goes on. */
  readonly cut: boolean;
  /** Of the whole text as UTF-8; null: it was too long to be fetched. */
  readonly bytes: number | null;
  readonly tags: readonly string[];
  /** Fields that gave way: kept, and not searchable by their names. */
  readonly ignored: readonly string[];
  /** The source as JSON, long strings cut; null: too large, or not fetched. */
  readonly documentJson: string | null;
}

const documentBytes = 16_384;

/** What is shown of a hit. */
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

/** ISO 8601; null for what no date can be, as the sort value of a document without one. */
export function isoTime(timestampMs: number | null): string | null {
  if (timestampMs === null || Math.abs(timestampMs) > 8.64e15) return null;
  return new Date(timestampMs).toISOString();
}
