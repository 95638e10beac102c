import { quoted } from "../lib/rules/base/visible-text.ts";
import type { Specification } from "../lib/rules/model/declaration.ts";
import { assertAbsent } from "../lib/rules/search/hits/answer.ts";
import { documentBody } from "../lib/rules/search/query/body.ts";
import { fieldsThatGaveWay } from "../lib/rules/search/hits/ignored-fields.ts";
import { searchTarget } from "../lib/rules/search/query/target.ts";
import { pageOf, type SearchLogsDeps } from "./search-logs.ts";

export interface ReadLogDocumentInput {
  readonly topic: string;
  readonly id: string;
  readonly inForce: ReadonlyMap<string, Specification>;
  /** Whether Penstock manages the index template. */
  readonly managed: boolean;
}

export type ReadLogDocumentResult =
  | { readonly kind: "missing" }
  /** Longer than {@link maxDocumentBytes}. */
  | { readonly kind: "too large"; readonly index: string }
  | LogDocument;

export interface LogDocument {
  readonly kind: "document";
  readonly index: string;
  /** The source as it was written. */
  readonly raw: string;
  /** Fields that gave way: kept, but not searchable by name. */
  readonly ignored: readonly string[];
}

/** The longest source that is read. */
export const maxDocumentBytes = 32 * 1024 * 1024;
/** Room for the rest of the answer. */
const frameBytes = 64 * 1024;

/**
 * Reads one document of a topic by its id, and only from that topic's indices.
 * @throws PenstockError as `deps.search`, and `elasticsearch_unavailable` while a shard does not answer that may have it
 */
export async function readLogDocument(
  { topic, id, inForce, managed }: ReadLogDocumentInput,
  deps: Pick<SearchLogsDeps, "search">,
): Promise<ReadLogDocumentResult> {
  const indices = searchTarget([topic], inForce, managed);
  const ask = (withSource: boolean): Promise<string | null> =>
    deps.search(indices, documentBody(topic, id, withSource), maxDocumentBytes + frameBytes);
  const missing = (problems: readonly string[]): ReadLogDocumentResult => {
    assertAbsent(`topic ${quoted(topic)} has document ${quoted(id)}`, problems);
    return { kind: "missing" };
  };
  const text = await ask(true);
  if (text !== null) {
    const { hits, problems } = pageOf(text);
    const [hit] = hits;
    if (hit === undefined) return missing(problems);
    if (hit.source === null) return { kind: "missing" };
    const { raw, object } = hit.source;
    if (Buffer.byteLength(raw) <= maxDocumentBytes) {
      const ignored = fieldsThatGaveWay(hit.ignored, object);
      return { kind: "document", index: hit.index, raw, ignored };
    }
    return { kind: "too large", index: hit.index };
  }
  const { hits, problems } = pageOf((await ask(false)) ?? "");
  const [place] = hits;
  return place === undefined ? missing(problems) : { kind: "too large", index: place.index };
}
