import { isObject } from "../json-document.ts";
import { type JsonMember, jsonMembers } from "../json-members.ts";

/**
 * What a person reads of a document: its `message`, or where it has none its own fields as JSON, numbers with all their
 * digits, without the ones Penstock adds to every document.
 *
 * @param raw the object's text, valid JSON
 * @param object what `JSON.parse` made of it
 */
export function messageText(raw: string, object: Readonly<Record<string, unknown>>): string {
  const { message } = object;
  if (typeof message === "string") return message;
  const members = jsonMembers(raw);
  const own = members.get("message");
  if (own !== undefined && message !== null) return own.rawValue;
  const kept = [...members.values()].filter((member) => !isAdded(member, object[member.name]));
  return `{${kept.map(({ rawName, rawValue }) => `${rawName}:${rawValue}`).join(",")}}`;
}

const added: ReadonlySet<string> = new Set(["@timestamp", "kafka", "tags"]);

function isAdded({ name }: JsonMember, value: unknown): boolean {
  if (added.has(name)) return true;
  if (name === "log") return isOnly(value, "file") && isOnly(value["file"], "path");
  return name === "event" && isOnly(value, "original");
}

/** An object with this one member. */
function isOnly(value: unknown, name: string): value is Readonly<Record<string, unknown>> {
  return isObject(value) && Object.keys(value).length === 1 && Object.hasOwn(value, name);
}
