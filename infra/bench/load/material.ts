import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

/** The corpus. test/corpus/README.md describes its contents and origin. */
export const corpusFolder = join(import.meta.dir, "../../../test/corpus");

/** One line for each source. */
export const manifestName = "sources.ndjson";

const sourceSchema = z.strictObject({
  name: z.string(),
  format: z.enum(["text", "json"]),
  /** The `timestamp` fields to declare, in order; empty: none. */
  timestamp: z.array(z.string()).readonly(),
  /** The path of the field with the text that a person would search; null: none, or the record is text. */
  text: z.string().nullable(),
  /** The shared topics that its records also go to. */
  groups: z.array(z.string()).readonly(),
  /** Written by a real logger, or generated in the shape of what such a source writes. */
  origin: z.enum(["logger", "shape"]),
});

/** One program that writes logs. */
export type CorpusSource = z.output<typeof sourceSchema>;

export interface CorpusRecord {
  readonly source: CorpusSource;
  /** Number within its source, from 0. */
  readonly n: number;
  readonly value: Buffer;
  /** The time of its event, in whole milliseconds since the epoch; null: unknown. */
  readonly timeMs: number | null;
}

export function parseManifest(text: string): CorpusSource[] {
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => sourceSchema.parse(JSON.parse(line)));
}

/** Returns all records, grouped by source, in the order of writing. */
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

/** `=` starts a JSON string, for text with control characters; `%` starts base64; any other line is the value itself. */
function valueOf(line: string): Buffer {
  if (line.startsWith("%")) return Buffer.from(line.slice(1), "base64");
  return Buffer.from(line.startsWith("=") ? z.string().parse(JSON.parse(line.slice(1))) : line);
}
