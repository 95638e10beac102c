import { PenstockError } from "../lib/rules/base/errors.ts";
import { readTopValues, topValuesBody, type TopValues } from "../lib/rules/search/fields/top-values.ts";
import { askedFields, mappedField } from "../lib/rules/search/grammar/mapping.ts";
import { searchBody } from "../lib/rules/search/query/body.ts";
import type { KnownFilter, LogFilter } from "../lib/rules/search/query/log-request.ts";
import type { FoundHit } from "../lib/rules/search/hits/answer.ts";
import { searchTarget } from "../lib/rules/search/query/target.ts";
import { narrowingSearch, type SearchLogsDeps, type SearchLogsInput } from "./search-logs.ts";
import { frequentFields } from "./search-logs/frequent-fields.ts";
import { knownFields, tooManyIndices } from "./search-logs/known-fields.ts";

export interface LogFieldsInput extends LogFilter, Pick<SearchLogsInput, "inForce" | "managed" | "rebuilt"> {}

/** The fields of what a search finds. Times in ISO 8601. */
export interface LogFieldsResult extends TopValues {
  readonly from: string;
  readonly to: string;
}

/** The newest documents, whose fields are counted. */
const sampledDocuments = 100;
const shownFields = 50;

/**
 * Returns the fields of the newest documents that match, with their most frequent values in all of them.
 * @throws QueryError as `searchLogs`; PenstockError as `deps`, and `elasticsearch_refused` for an invalid answer
 */
export async function logFields(
  input: LogFieldsInput,
  deps: Pick<SearchLogsDeps, "search" | "fieldCaps">,
): Promise<LogFieldsResult> {
  const { fromMs, toMs, inForce, managed, rebuilt } = input;
  const indices = searchTarget(input.topics, inForce, managed, rebuilt);
  const topics = input.topics.length === 0 ? [...inForce.keys()] : input.topics;
  const { query, fieldOf } = await knownFields(input.query, indices, deps.fieldCaps);
  const filter: KnownFilter = { topics, query, fieldOf, fromMs, toMs };
  const range = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
  const narrowing = narrowingSearch(deps.search, indices, query);
  const names = indices.length === 0 ? [] : await frequentFields(await newest(), shownFields);
  const none = { ...range, documents: 0, fields: [] };
  if (names.length === 0) return { ...none, problems: [] };
  const caps = await deps.fieldCaps(indices, askedFields(names));
  if (caps === null) return { ...none, problems: [`${tooManyIndices}.`] };
  const fields = names.flatMap((name) => mappedField(name, caps) ?? []);
  if (fields.length === 0) return { ...none, problems: [] };
  const values = await narrowing.ask(
    (inFewFields) => topValuesBody(filter, fields, inFewFields),
    (text) => readTopValues(text, fields) ?? refuseAnswer("invalid"),
  );
  return { ...range, ...(values ?? refuseAnswer("too long")) };

  async function newest(): Promise<readonly FoundHit[]> {
    for (const size of [sampledDocuments, 5]) {
      const about = {
        ...filter,
        size,
        after: null,
        order: "newest",
        intervalMs: null,
        marker: null,
      } as const;
      const page = await narrowing.search((inFewFields) =>
        searchBody({ ...about, form: "whole", inFewFields }),
      );
      if (page !== null) return page.hits;
    }
    return [];
  }
}

function refuseAnswer(why: string): never {
  throw new PenstockError("elasticsearch_refused", `Elasticsearch's answer about fields is ${why}`);
}
