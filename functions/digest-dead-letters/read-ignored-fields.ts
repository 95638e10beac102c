import { PenstockError } from "../../lib/rules/base/errors.ts";
import {
  type FieldThatGaveWay,
  gaveWayBody,
  gaveWayOf,
  type IgnoredFieldsDeps,
  readIgnored,
  whyUncounted,
} from "../../lib/rules/search/hits/gave-way.ts";

export interface ReadIgnoredFieldsInput {
  /** Names, patterns and aliases that contain the topics' documents. */
  readonly indices: readonly string[];
  /** Null for all. */
  readonly topics: readonly string[] | null;
  /** The documents' time span, milliseconds since the epoch. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** The fields that gave way. Times in ISO 8601. */
export interface IgnoredFields {
  readonly from: string;
  readonly to: string;
  /** The most frequent first, at most 20 of a topic. */
  readonly fields: readonly FieldThatGaveWay[];
  /** Why the list is incomplete, in sentences; empty if it is complete. */
  readonly problems: readonly string[];
}

const maxAnswerBytes = 4 * 1024 * 1024;

/**
 * Asks Elasticsearch which fields of the topics' documents it stored without indexing them (`_ignored`), and because of
 * which fields records were flattened. Its failures are reported as problems.
 * @throws other failures, such as a signal's reason
 */
export async function readIgnoredFields(
  { indices, topics, fromMs, toMs }: ReadIgnoredFieldsInput,
  { search, fieldTypes }: IgnoredFieldsDeps,
): Promise<IgnoredFields> {
  const span = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
  if (indices.length === 0 || topics?.length === 0) return { ...span, fields: [], problems: [] };
  try {
    const text = await search(indices, gaveWayBody(topics, fromMs, toMs), maxAnswerBytes);
    const answer = text === null ? null : readIgnored(text);
    if (answer === null) {
      return { ...span, fields: [], problems: ["Elasticsearch's answer is invalid"] };
    }
    const { fields, problems } = answer;
    const ignored = fields.filter(({ isRefused }) => !isRefused);
    const names = [...new Set(ignored.map(({ field }) => field))];
    const places = [...new Set(ignored.map(({ sample }) => sample.index))];
    const typeOf = names.length === 0 ? () => null : await fieldTypes(places, names);
    return { ...span, fields: gaveWayOf(fields, typeOf), problems };
  } catch (error) {
    if (!(error instanceof PenstockError) || !answered.has(error.code)) throw error;
    return { ...span, fields: [], problems: [whyUncounted(error.message)] };
  }
}

const answered: ReadonlySet<string> = new Set([
  "usage",
  "elasticsearch_refused",
  "elasticsearch_unavailable",
  "deadline_exceeded",
]);
