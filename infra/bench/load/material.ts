import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

/** Where the corpus lies: test/corpus/README.md says what is in it and how it was made. */
export const corpusFolder = join(import.meta.dir, "../../../test/corpus");

/** A line for each source. */
export const manifestName = "sources.ndjson";

const sourceSchema = z.strictObject({
  name: z.string(),
  format: z.enum(["text", "json"]),
  /** What to declare as `timestamp`, in this order; empty: nothing. */
  timestamp: z.array(z.string()).readonly(),
  /** The field, as a path, that holds the text a person would look for; null: none, or the record is text. */
  text: z.string().nullable(),
  /** The topics of many services that its records go to as well. */
  groups: z.array(z.string()).readonly(),
  /** Printed by a logger, or made by a generator after what such a source writes. */
  origin: z.enum(["logger", "shape"]),
});

/** One program that writes logs. */
export type CorpusSource = z.output<typeof sourceSchema>;

export interface CorpusRecord {
  readonly source: CorpusSource;
  /** Within its source, from 0. */
  readonly n: number;
  readonly value: Buffer;
  /** When its event was, in whole milliseconds since the epoch; null: its source declares no time. */
  readonly timeMs: number | null;
}

/** What the manifest says. */
export function parseManifest(text: string): CorpusSource[] {
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => sourceSchema.parse(JSON.parse(line)));
}

/** All records, each source's together, in the order they were written. */
export async function corpusRecords(): Promise<CorpusRecord[]> {
  const sources = parseManifest(await readFile(join(corpusFolder, manifestName), "utf8"));
  const each = await Promise.all(sources.map(readSource));
  return each.flat();
}

async function readSource(source: CorpusSource): Promise<CorpusRecord[]> {
  const lines = async (ending: string): Promise<string[]> => {
    const text = await readFile(join(corpusFolder, "sources", `${source.name}.${ending}`), "utf8");
    return text.split("\n").slice(0, -1);
  };
  const times = source.timestamp.length === 0 ? [] : await lines("times");
  return (await lines("records")).map((line, n) => {
    const time = times[n] ?? "-";
    return { source, n, value: valueOf(line), timeMs: time === "-" ? null : Number(time) };
  });
}

/** `=` begins a JSON string, for text with line breaks or control characters; `%` bytes in base64; else the line is it. */
function valueOf(line: string): Buffer {
  if (line.startsWith("%")) return Buffer.from(line.slice(1), "base64");
  return Buffer.from(line.startsWith("=") ? z.string().parse(JSON.parse(line.slice(1))) : line);
}
