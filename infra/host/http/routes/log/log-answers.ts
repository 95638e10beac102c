import type { Context } from "hono";
import type { LogDocument } from "../../../../../functions/read-log-document.ts";
import type { SearchLogsDeps, SearchLogsResult } from "../../../../../functions/search-logs.ts";
import { storedTopics } from "../../../../../functions/search-logs/stored-topics.ts";
import type { Specification } from "../../../../../lib/rules/model/declaration.ts";
import { assertAbsent } from "../../../../../lib/rules/search/hits/answer.ts";
import { slices } from "../../kit/held-answer.ts";
import { quoted } from "../../../../../lib/rules/base/visible-text.ts";
import { problem } from "../../kit/problem.ts";

export interface KnownTopics {
  readonly inForce: ReadonlyMap<string, Specification>;
  /** Whether Penstock manages the index template. */
  readonly managed: boolean;
  readonly search: SearchLogsDeps["search"];
}

/**
 * Answers 404 if a topic is neither declared, nor running here, nor has records in the indices that Penstock manages; null
 * if all do.
 * @throws PenstockError as `search`, and `elasticsearch_unavailable` while a shard does not answer that may have records
 */
export async function refuseUnknown(
  c: Context,
  topics: readonly string[],
  { inForce, managed, search }: KnownTopics,
): Promise<Response | null> {
  const unknown = topics.filter((topic) => !inForce.has(topic));
  if (unknown.length === 0) return null;
  const stored = managed
    ? await storedTopics({ declared: inForce, about: unknown }, search)
    : { undeclared: [], problems: [] };
  const missing = unknown.find((topic) => !stored.undeclared.includes(topic));
  if (missing === undefined) return null;
  assertAbsent(`topic ${quoted(missing)} has records`, stored.problems);
  return notHere(c, missing);
}

/** The same for what only topics in force have. */
export function refuseUndeclared(
  c: Context,
  topics: readonly string[],
  inForce: ReadonlyMap<string, Specification>,
): Response | null {
  const unknown = topics.find((topic) => !inForce.has(topic));
  return unknown === undefined ? null : notHere(c, unknown);
}

function notHere(c: Context, topic: string): Response {
  return problem(c, 404, `Topic ${quoted(topic)} is neither declared nor running on this host.`);
}

/** Inserts documents as text: parsed and written again, long numbers would lose their last digits. */
export function searchJson({ hits, ...rest }: SearchLogsResult): string {
  const texts = hits.map(({ documentJson, ...hit }) => withMember(hit, "document", documentJson ?? "null"));
  return withMember(rest, "hits", `[${texts.join(",")}]`);
}

/** A whole document as JSON, in pieces, so that a large one is not copied. */
export function* documentPieces(
  id: string,
  { index, raw, ignored }: LogDocument,
): Generator<string, void, void> {
  yield `${JSON.stringify({ index, id, bytes: Buffer.byteLength(raw), ignored }).slice(0, -1)},"raw":"`;
  // A split surrogate pair is escaped half by half, and still parses as one character.
  for (const piece of slices(raw)) yield JSON.stringify(piece).slice(1, -1);
  yield '"}';
}

/** @param object with at least one member */
function withMember(object: object, name: string, json: string): string {
  return `${JSON.stringify(object).slice(0, -1)},${JSON.stringify(name)}:${json}}`;
}
