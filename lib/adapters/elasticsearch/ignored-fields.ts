import type { IgnoredFieldsDeps } from "../../rules/search/hits/gave-way.ts";
import type { Elasticsearch } from "./client.ts";
import { fieldTypes } from "./field-types.ts";
import { searchText } from "./search.ts";

const TIMEOUT_MS = 8_000;

/** The dependencies of `readIgnoredFields`. */
export function ignoredFieldsDeps(
  elasticsearch: Pick<Elasticsearch, "ask" | "askForText">,
  signal: AbortSignal,
): IgnoredFieldsDeps {
  return {
    search: (indices, body, maxBytes) =>
      searchText(elasticsearch, { indices, body, maxBytes, timeoutMs: TIMEOUT_MS }, signal),
    fieldTypes: (indices, fields) => fieldTypes(elasticsearch, indices, fields, signal),
  };
}
