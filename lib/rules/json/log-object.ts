import { type JsonMember, jsonMembers, objectText, withMember } from "./json-members.ts";

/** What the document's `log` holds of ours. */
export interface OurLog {
  /** The declared `log.file.path`; null: not set. */
  readonly path: string | null;
  /** For `log.level`; null: none is known, or it stands elsewhere. */
  readonly level: string | null;
}

/** The document's `log` where the record has none of its own, with a comma after it; empty where there is nothing to say. */
export function logMember({ path, level }: OurLog): string {
  const members = ourMembers({ path, level }, "{}");
  return members === "" ? "" : `"log":{${members}},`;
}

/** The same beside an own one, whose `level` is not ours to set again. */
export function mergedLogMember(own: JsonMember, { path, level }: OurLog): string {
  if (path === null && level === null) return `"log":${own.rawValue},`;
  const members = jsonMembers(own.rawValue);
  const ours = ourMembers({ path, level }, members.get("file")?.rawValue ?? "{}");
  if (path !== null) members.delete("file");
  return `"log":${withMember(objectText(members.values()), ours)},`;
}

function ourMembers({ path, level }: OurLog, rawFile: string): string {
  const members = level === null ? [] : [`"level":${JSON.stringify(level)}`];
  if (path !== null) members.push(`"file":${withMember(rawFile, `"path":${JSON.stringify(path)}`)}`);
  return members.join(",");
}
