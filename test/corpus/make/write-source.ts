import { join } from "node:path";
import {
  type CorpusSource,
  corpusFolder,
  manifestName,
  parseManifest,
} from "../../../infra/bench/load/material.ts";
import type { MadeRecord } from "./kit.ts";

/** A record that is one line of text without control characters, and so can be read in a file of lines. */
const plain = /^[^\p{Cc}\u2028\u2029\uFEFF]*$/u;

/** Writes the sources' files, and their entries into the manifest, which keeps the others. */
export async function writeSources(made: ReadonlyMap<CorpusSource, readonly MadeRecord[]>): Promise<void> {
  const manifestPath = join(corpusFolder, manifestName);
  const manifest = Bun.file(manifestPath);
  const before = (await manifest.exists()) ? parseManifest(await manifest.text()) : [];
  const names = new Set([...made.keys()].map(({ name }) => name));
  const all = [...before.filter(({ name }) => !names.has(name)), ...made.keys()];
  all.sort((a, b) => (a.name < b.name ? -1 : 1));
  await Bun.write(manifestPath, all.map((source) => `${JSON.stringify(source)}\n`).join(""));
  for (const [source, records] of made) {
    const path = (ending: string): string => join(corpusFolder, "sources", `${source.name}.${ending}`);
    await Bun.write(path("records"), records.map(({ value }) => `${lineOf(value)}\n`).join(""));
    if (source.timestamp.length > 0)
      await Bun.write(path("times"), records.map(({ timeMs }) => `${timeMs ?? "-"}\n`).join(""));
  }
}

/** As it is; what has no line of its own as a JSON string behind `=`, what is not UTF-8 in base64 behind `%`. */
function lineOf(value: Buffer): string {
  const text = value.toString();
  if (!Buffer.from(text).equals(value)) return `%${value.toString("base64")}`;
  return plain.test(text) && !/^[=%]/.test(text) ? text : `=${JSON.stringify(text)}`;
}
