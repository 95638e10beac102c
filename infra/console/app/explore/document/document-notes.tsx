import { useMemo } from "../../hooks/hooks.ts";
import type { LogDocument, LogHit } from "../../../../api/logs.ts";
import { Hostile } from "../../components/hostile.tsx";
import { plural } from "../../text/format.ts";

/** The meanings of Penstock's tags. */
const meanings: ReadonlyMap<string, string> = new Map([
  ["timestamp_absent", "The record has none of the declared time fields: @timestamp is Kafka's."],
  ["timestamp_parse_failure", "No declared time field could be read: @timestamp is Kafka's."],
  ["timestamp_missing", "The record came without a time of Kafka's: @timestamp is when it was first read."],
  [
    "json_name_doubled",
    "A name stands twice in the record: the last value counts, earlier ones are under json.",
  ],
  ["json_name_replaced", "Names that were empty, blank or had control characters were replaced."],
  ["json_field_renamed", "Own fields in the place of Penstock's, or that two wanted, are under json."],
  ["json_parse_failure", "It is not JSON, as the topic is declared: it was kept as text."],
  [
    "fields_flattened",
    "All own fields are one, kafka.value: they can be searched as kafka.value.NAME, and by their words.",
  ],
  ["fields_as_text", "The index refused its fields twice: the whole record is the message."],
  ["invalid_utf8", "It was not all UTF-8: its bytes are in event.original or kafka.value_base64."],
  ["carriage_return_removed", "The line ended with a carriage return."],
]);

/** How a document was indexed: Penstock's tags, and the fields that gave way. */
export function DocumentNotes({ document: { raw, ignored } }: { readonly document: LogDocument }) {
  const { tags, refused } = useMemo(() => tagsOf(raw), [raw]);
  if (tags.length === 0 && ignored.length === 0) return null;
  return (
    <ul class="notes plain-list">
      {tags.map((tag) => (
        <li key={tag}>
          <code>{tag}</code> {meanings.get(tag)}
          {tag !== "fields_flattened" || refused === null ? null : (
            <>
              {" "}
              The index had refused{" "}
              <code>
                <Hostile text={refused} />
              </code>
              .
            </>
          )}
        </li>
      ))}
      {ignored.length === 0 ? null : (
        <li>
          <span class="warning">
            <span aria-hidden="true">▲</span> Not searchable by name:
          </span>{" "}
          {ignored.map((field, at) => (
            <>
              {at === 0 ? "" : ", "}
              <code>
                <Hostile text={field} />
              </code>
            </>
          ))}
          . Each has a value that does not fit how this index maps the field, or is one field more than it may
          have. Nothing is lost: the values are in the document.
        </li>
      )}
    </ul>
  );
}

/** A short note on a line with unsearchable or relocated fields; null without any. */
export function noteOf({ ignored, tags }: LogHit): string | null {
  if (ignored.length > 0) return `${plural(ignored.length, "field")} not searchable by name`;
  if (tags.includes("fields_as_text")) return "fields as text";
  return tags.includes("fields_flattened") ? "fields flattened" : null;
}

function tagsOf(raw: string): { readonly tags: readonly string[]; readonly refused: string | null } {
  const document: unknown = JSON.parse(raw);
  const tags: unknown = memberOf(document, "tags");
  const refused = memberOf(memberOf(document, "kafka"), "refused");
  return {
    tags: (Array.isArray(tags) ? tags : []).filter(
      (tag): tag is string => typeof tag === "string" && meanings.has(tag),
    ),
    refused: typeof refused === "string" ? refused : null,
  };
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : null;
}
