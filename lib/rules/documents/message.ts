import { rawFieldAt } from "../json/json-members.ts";
import { lineFieldOf, textAt } from "./line.ts";
import type { ContainerLine } from "./container.ts";
import type { MovedFields } from "../json/moved-fields.ts";
import type { RecordObject } from "./record-object.ts";

export interface Message {
  /** The new `message`, as JSON; null to add none, so that the record's own stays among the members. */
  readonly added: string | null;
  /** True if the record's own message moved. */
  readonly renamed: boolean;
}

/**
 * Finds the log line of a record whose own `message` is not it: the declared field, a container's text, or the first of the
 * fields that loggers use. Removes conflicting entries from `members`.
 */
export function messageOf(
  { members, object }: Fields,
  declared: string | null,
  line: ContainerLine | null,
  moved: MovedFields,
): Message {
  const own = members.get("message");
  const isTaken = own !== undefined && own.rawValue !== '""' && own.rawValue !== "null";
  const named = declared === "message" || (line !== null && declared === "log") ? null : declared;
  const text = named === null ? null : textAt(object, named);
  if (named !== null && text !== null) {
    const added = rawFieldAt(members, named) ?? JSON.stringify(text);
    if (added === own?.rawValue) return { added: null, renamed: false };
    if (isTaken) moved.add("message", own.rawValue);
    members.delete("message");
    return { added, renamed: isTaken };
  }
  if (isTaken) return { added: null, renamed: false };

  const added =
    line === null || line.merged ? copied({ members, object }, line) : takenFrom(line, { members, object });
  if (added !== null) members.delete("message");
  return { added, renamed: false };
}

type Fields = Pick<RecordObject, "members" | "object">;

function copied({ members, object }: Fields, line: ContainerLine | null): string | null {
  const field = lineFieldOf(object);
  return (field === null ? null : rawFieldAt(members, field)) ?? line?.rawText ?? null;
}

/** Moves `log` to the message. */
function takenFrom(line: ContainerLine, { members, object }: Fields): string | null {
  members.delete("log");
  if (line.text !== "") return line.rawText;
  const { log: _, ...others } = object;
  return copied({ members, object: others }, line);
}
