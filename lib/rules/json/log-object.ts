import { type JsonMember, jsonMembers, objectText, withMember } from "./json-members.ts";

/** The values Penstock writes into the document's `log`. */
export interface OurLog {
  /** For `log.file.path`, from the record's header or the declaration; null if not set. */
  readonly path: string | null;
  /** For `log.level`; null if unknown or already set elsewhere. */
  readonly level: string | null;
}

/** The document's `log` for a record without one of its own, with a trailing comma; empty if nothing is set. */
export function logMember({ path, level }: OurLog): string {
  const members = ourMembers({ path, level }, "{}");
  return members === "" ? "" : `"log":{${members}},`;
}

/** The record's own `log` with our values added; a `level` in it must not be set again. */
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
