import { createDocumentEncoder } from "../../../lib/rules/documents/document.ts";
import { decodeUtf8 } from "../../../lib/rules/base/utf8-text.ts";
import { visibleText } from "../../../lib/rules/base/visible-text.ts";
import type { Specification } from "../../../lib/rules/model/declaration.ts";
import type { RecordHeader, SourceRecord } from "../../../lib/rules/model/record.ts";
import type { Matcher } from "../../../lib/rules/search/grammar/match.ts";
import { recordText } from "../../../lib/rules/search/hits/tail-line.ts";
import { isDocumentTime } from "../../../lib/rules/time/event-time.ts";
import type { Paint } from "../kit/terminal.ts";

export interface TappedForm {
  readonly json: boolean;
  /** Whether the document is shown that a record becomes, instead of the record. */
  readonly documents: boolean;
  readonly key: boolean;
  readonly headers: boolean;
}

/**
 * @param onNoVerdict told of a record that is too much for the search, and is not shown
 * @returns what is shown of a record, one line; null if it does not match
 */
export function createTappedLine(
  spec: Specification,
  matches: Matcher,
  form: TappedForm,
  paint: Paint,
  onNoVerdict: (record: SourceRecord) => void,
): (record: SourceRecord) => string | null {
  const encode = createDocumentEncoder(spec);
  return (record) => {
    const isMatch = matches === null || matches(recordText(record, encode));
    if (isMatch === null) onNoVerdict(record);
    if (isMatch !== true) return null;
    const document = form.documents ? documentOf(encode(record)) : null;
    return `${form.json ? jsonLine(spec.topic, record, document) : textLine(record, document, form, paint)}\n`;
  };
}

type Told = { readonly json: string } | { readonly why: string };

function documentOf(encoding: ReturnType<ReturnType<typeof createDocumentEncoder>>): Told {
  if (encoding.kind === "document") return { json: encoding.json };
  return {
    why:
      encoding.kind === "skipped"
        ? "skipped: it has no value"
        : `a dead letter: ${encoding.rejection.reason}`,
  };
}

/** `2026-11-30T19:55:01.123Z 0:42 the line`. Nothing in it acts on a terminal. */
function textLine(record: SourceRecord, document: Told | null, form: TappedForm, paint: Paint): string {
  const { partition, offset, key, value, headers } = record;
  const place = paint("dim", `${timeOf(record) ?? "no time"} ${partition}:${offset}`);
  const text = (bytes: Buffer | null): string =>
    bytes === null ? "(null)" : visibleText(decodeUtf8(bytes).text);
  const content =
    document === null
      ? text(value)
      : "json" in document
        ? visibleText(document.json)
        : paint("yellow", visibleText(`(${document.why})`));
  return [
    place,
    ...(form.key ? [paint("dim", `key=${text(key)}`)] : []),
    ...(form.headers
      ? headers.map((header) => paint("dim", `${visibleText(header.name)}=${text(header.value)}`))
      : []),
    content,
  ].join(" ");
}

function jsonLine(topic: string, record: SourceRecord, document: Told | null): string {
  const { partition, offset, key, value, headers } = record;
  const place = { topic, partition, offset, timestamp: timeOf(record) };
  const line =
    document === null
      ? JSON.stringify({
          ...place,
          ...bytesOf("key", key),
          ...bytesOf("value", value),
          headers: headers.map(headerOf),
        })
      : "why" in document
        ? JSON.stringify({ ...place, document: null, reason: document.why })
        : `${JSON.stringify(place).slice(0, -1)},"document":${document.json}}`;
  return visibleText(line);
}

function headerOf({ name, value }: RecordHeader) {
  return { name, ...bytesOf("value", value) };
}

/** As text; as Base64 under another name if the bytes are no UTF-8. */
function bytesOf(name: string, bytes: Buffer | null): Record<string, string | null> {
  if (bytes === null) return { [name]: null };
  const { text, faithful } = decodeUtf8(bytes);
  return faithful ? { [name]: text } : { [`${name}Base64`]: bytes.toString("base64") };
}

function timeOf({ timestamp }: SourceRecord): string | null {
  return isDocumentTime(timestamp) ? new Date(timestamp).toISOString() : null;
}
