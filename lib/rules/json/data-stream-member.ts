import { dataStreamParts } from "../model/data-stream.ts";
import type { Specification } from "../model/declaration.ts";

/**
 * The document's `data_stream` with a trailing comma, the same for all records of a topic. Empty for an index, and for a
 * stream whose name does not have the three parts.
 */
export function dataStreamMember({ dataStream }: Pick<Specification, "dataStream">): string {
  const parts = dataStream === null ? null : dataStreamParts(dataStream);
  return parts === null ? "" : `"data_stream":${JSON.stringify(parts)},`;
}
