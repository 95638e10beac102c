import type { MovedFields } from "../json/moved-fields.ts";
import { readRecordObject, type RecordObject } from "./record-object.ts";

/** A line that a container runtime or its agent wrapped: `{"log":"text\n","stream":"stdout","time":"…"}`. */
export interface ContainerLine {
  /** Without the line ending. */
  readonly text: string;
  /** As a JSON string. */
  readonly rawText: string;
  /** True if it is a JSON object itself, whose members were merged into the record. */
  readonly merged: boolean;
}

export interface Unwrapped {
  readonly record: RecordObject;
  /** Null if the record is not from a container. */
  readonly line: ContainerLine | null;
  /** True if members of the inner object moved, because the record uses their names. */
  readonly renamed: boolean;
}

/** Recognizes a container's record by text in `log` and no message. */
export function unwrapContainer(record: RecordObject, moved: MovedFields): Unwrapped {
  const { log, message } = record.object;
  const rawLog = record.members.get("log")?.rawValue;
  const hasMessage = message !== undefined && message !== null && message !== "";
  if (typeof log !== "string" || rawLog === undefined || hasMessage)
    return { record, line: null, renamed: false };

  const inner = readRecordObject(log, moved);
  const line = { ...withoutLineEnd(log, rawLog), merged: inner !== null };
  if (inner === null) return { record, line, renamed: false };
  return { ...merged(record, inner, moved), line };
}

/** Outer members win, because every record of the container has them. */
function merged(outer: RecordObject, inner: RecordObject, moved: MovedFields): Omit<Unwrapped, "line"> {
  const members = new Map(outer.members);
  members.delete("log");
  members.delete("message");
  const { log: _, message: __, ...outside } = outer.object;
  let renamed = false;
  for (const member of inner.members.values()) {
    const there = members.get(member.name);
    if (there === undefined) members.set(member.name, member);
    // Equal if an agent decoded the text itself and kept it too.
    else if (there.rawValue !== member.rawValue) {
      moved.add(member.name, member.rawValue);
      renamed = true;
    }
  }
  const record = {
    members,
    object: { ...inner.object, ...outside },
    mended: outer.mended || inner.mended,
    doubled: outer.doubled || inner.doubled,
    replaced: outer.replaced || inner.replaced,
  };
  return { record, renamed };
}

function withoutLineEnd(text: string, rawText: string): Omit<ContainerLine, "merged"> {
  const end = text.endsWith("\r\n") ? "\r\n" : text.endsWith("\n") ? "\n" : "";
  const rawEnd = JSON.stringify(end).slice(1);
  const cut = text.slice(0, text.length - end.length);
  // Removes only the line ending, and keeps the rest of the raw text if possible.
  return {
    text: cut,
    rawText: rawText.endsWith(rawEnd) ? `${rawText.slice(0, -rawEnd.length)}"` : JSON.stringify(cut),
  };
}
