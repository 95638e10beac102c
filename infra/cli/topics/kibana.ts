import { writeFile } from "node:fs/promises";
import { kibanaObjects, toNdjson } from "../../../lib/rules/kibana.ts";
import { messageOf } from "../../../lib/rules/base/errors.ts";
import type { TopicsListing } from "./list.ts";

/**
 * Writes Kibana's data views and searches for these declarations. Names on standard error what gets none.
 * @param out the file; null: standard output
 * @throws an error that names the file if it cannot be written
 */
export async function writeKibanaObjects(
  { declarations, refusals }: TopicsListing,
  deadLetterTopic: string,
  { out: file, json }: { readonly out: string | null; readonly json: boolean },
  io: { readonly out: (text: string) => void; readonly error: (text: string) => void },
): Promise<void> {
  const { objects, leftOut } = kibanaObjects(declarations, deadLetterTopic);
  for (const sentence of [...refusals.map(({ reason }) => reason), ...leftOut])
    io.error(`Left out: ${sentence}\n`);
  const text = toNdjson(objects);
  if (file === null) {
    io.out(text);
    return;
  }
  try {
    await writeFile(file, text);
  } catch (error) {
    throw new Error(`--out ${file} cannot be written: ${messageOf(error)}`, { cause: error });
  }
  const dataViews = objects.length / 2;
  const done = json
    ? JSON.stringify({ file, dataViews, searches: dataViews })
    : `Wrote ${dataViews} data views, each with a search, to ${file}.`;
  io.out(`${done}\n`);
}
