import { isObject } from "../../json/object.ts";
import { type JsonMember, jsonMembers } from "../../json/json-members.ts";
import { lineOfFields } from "../../documents/line.ts";

/**
 * Returns the line that a person reads for a document. That is its `message` if it is a text; otherwise another field
 * with the line, as in documents from before the line was copied into `message`; otherwise its own fields as JSON, with
 * all digits of their numbers, and without the fields that Penstock adds.
 *
 * @param raw the object's text, valid JSON
 * @param object the parsed object
 */
export function messageText(raw: string, object: Readonly<Record<string, unknown>>): string {
  const { message, kafka } = object;
  if (typeof message === "string" && message !== "") return message;
  const line = lineOfFields(object) ?? movedLog(object["json"]);
  if (line !== null) return line;
  const members = jsonMembers(raw);
  const own = members.get("message");
  if (own !== undefined && message !== null && message !== "") return own.rawValue;
  const kept = [...members.values()].filter((member) => !isAdded(member, object[member.name]));
  if (kept.length > 0) return `{${kept.map(({ rawName, rawValue }) => `${rawName}:${rawValue}`).join(",")}}`;
  // A flattened record's own fields are in `kafka.value`.
  if (isObject(kafka) && isObject(kafka["value"])) {
    const rawValue = jsonMembers(members.get("kafka")?.rawValue ?? "{}").get("value")?.rawValue ?? "{}";
    return lineOfFields(kafka["value"]) ?? rawValue;
  }
  return message === "" ? "" : "{}";
}

/** A container's line, in documents from before it became their `message`. */
function movedLog(json: unknown): string | null {
  const log = isObject(json) ? json["log"] : null;
  return typeof log === "string" && log !== "" ? log.replace(/\r?\n$/, "") : null;
}

const added: ReadonlySet<string> = new Set(["@timestamp", "kafka", "tags"]);

function isAdded({ name }: JsonMember, value: unknown): boolean {
  if (added.has(name)) return true;
  if (name === "message") return value === "";
  if (name === "log") return isAddedLog(value);
  if (name === "host") return isObject(value) && holdsOnly(value, ["name"]);
  return name === "event" && isObject(value) && holdsOnly(value, ["original"]);
}

/** Whether `log` contains only the fields that Penstock adds: `log.file.path` and `log.level`. */
function isAddedLog(value: unknown): boolean {
  if (!isObject(value) || !holdsOnly(value, ["file", "level"])) return false;
  const { file, level } = value;
  return (
    (file === undefined || (isObject(file) && holdsOnly(file, ["path"]))) &&
    (level === undefined || typeof level === "string")
  );
}

function holdsOnly(value: Readonly<Record<string, unknown>>, names: readonly string[]): boolean {
  return Object.keys(value).every((name) => names.includes(name));
}
