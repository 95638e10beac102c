import { rawFieldAt } from "../json/json-members.ts";
import { lineFieldOf, textAt } from "./line.ts";
import type { ContainerLine } from "./container.ts";
import type { MovedFields } from "../json/moved-fields.ts";
import type { RecordObject } from "./record-object.ts";

export interface Message {
  /** What `message` is to hold, as JSON; null: nothing is added, an own one stays among the members. */
  readonly added: string | null;
  /** True: an own one was moved. */
  readonly renamed: boolean;
}

/**
 * The line of a record, where its own `message` is not it: the text of the declared field, or what a container wrapped, or
 * the first of the fields that loggers use. Whatever is in the way in `members` is taken out of them.
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

/** `log` becomes the message, and is not kept beside it. */
function takenFrom(line: ContainerLine, { members, object }: Fields): string | null {
  members.delete("log");
  if (line.text !== "") return line.rawText;
  const { log: _, ...others } = object;
  return copied({ members, object: others }, line);
}
