import type { DeclarationsListing } from "../../../../functions/list-declarations.ts";
import type { TopicOptions } from "../../../../lib/rules/model/declaration.ts";
import type { ListedEntry, ListedKey, TargetWords } from "../../../../lib/rules/declarations/listing.ts";
import { optionText, usual } from "../../../../lib/rules/plan/plan-rows.ts";
import { plural } from "../text/format.ts";
import type { Standing } from "../../../../lib/rules/declarations/standing.ts";

/** One row: an entry of the config file or of an etcd key, or a key whose entries cannot be read. */
export interface DeclarationRow {
  readonly id: string;
  /** Null for the config file. */
  readonly key: ListedKey | null;
  /** Position in its list, from 0; null for the key itself. */
  readonly entry: number | null;
  readonly target: TargetWords | null;
  /** Options that differ from their defaults. */
  readonly options: readonly (readonly [field: string, value: string])[];
  readonly standing: Standing | null;
  readonly lastGoodKept: boolean;
  /** Why it is refused, if it is. */
  readonly refused: string | null;
  /** The refused text. */
  readonly raw: string | null;
}

/** All declared entries: those of the config file first, then those of etcd by precedence. */
export function declarationRows({ config, etcd }: DeclarationsListing): DeclarationRow[] {
  const ofFile = config.entries.map(({ entry, target, excluded, options, ...standing }): DeclarationRow => ({
    id: `config/${entry}`,
    key: null,
    entry,
    target,
    options: [...excludedOf(excluded), ...toldOptions(options)],
    standing,
    lastGoodKept: false,
    refused: standing.refused,
    raw: null,
  }));
  return [...ofFile, ...(etcd?.keys ?? []).flatMap(rowsOfKey)];
}

function rowsOfKey(key: ListedKey): DeclarationRow[] {
  const rows = key.entries.map((entry): DeclarationRow => {
    const { target, excluded, options, declaration, refused, lastGoodKept } = entry;
    return {
      id: `${key.key}/${entry.entry}`,
      key,
      entry: entry.entry,
      target,
      options:
        options === null
          ? rawOptions(declaration ?? {})
          : [...excludedOf(excluded), ...toldOptions(options), ...ignoredOf(entry)],
      standing: entry,
      lastGoodKept,
      refused,
      raw: refused === null ? null : rawEntry(key, entry),
    };
  });
  const { problem } = key;
  if (problem === null && rows.length > 0) return rows;
  const itself: DeclarationRow = {
    id: `${key.key}/`,
    key,
    entry: null,
    target: null,
    options: [],
    standing: null,
    lastGoodKept: problem !== null && rows.length > 0,
    refused: problem,
    raw: problem === null ? null : key.text,
  };
  return [itself, ...rows];
}

function toldOptions(options: TopicOptions): DeclarationRow["options"] {
  return Object.entries(options)
    .filter(([field, value]) => value !== null && usual[field] !== value)
    .map(([field, value]) => [field, optionText(value)] as const);
}

function excludedOf(excluded: ListedEntry["excluded"]): DeclarationRow["options"] {
  if (excluded === undefined) return [];
  const words = excluded.map(({ glob, topics }) =>
    topics === null ? glob : `${glob} (${plural(topics, "topic")})`,
  );
  return [["exclude", words.join(", ")]];
}

function ignoredOf({ ignored }: ListedEntry): DeclarationRow["options"] {
  return ignored.length === 0 ? [] : [["ignored", ignored.join(", ")]];
}

function rawOptions(declaration: Readonly<Record<string, unknown>>): DeclarationRow["options"] {
  return Object.entries(declaration)
    .filter(([field]) => field !== "topic" && field !== "pattern")
    .map(([field, value]) => [field, optionText(value)] as const);
}

/** The element as written in the key's text. */
function rawEntry({ text }: ListedKey, { entry, declaration }: ListedEntry): string | null {
  if (declaration !== null || text === null) return declaration === null ? null : JSON.stringify(declaration);
  try {
    const values: unknown = JSON.parse(text);
    return Array.isArray(values) ? JSON.stringify(values[entry]) : null;
  } catch {
    // The key's own row shows the whole text.
    return null;
  }
}

export function nameOf(target: TargetWords): string {
  return "topic" in target ? target.topic : target.pattern;
}

/** The rows that contain the text in their name, key, options, state or reason; ignores case. */
export function filterRows(
  rows: readonly DeclarationRow[],
  text: string,
  stateOf: (row: DeclarationRow) => string = () => "",
): readonly DeclarationRow[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return rows;
  return rows.filter((row) => {
    const { key, target, options, refused } = row;
    return [
      target === null ? "" : nameOf(target),
      key?.key ?? "config",
      refused ?? "",
      stateOf(row),
      ...options.map((pair) => pair.join(": ")),
    ]
      .join("\n")
      .toLowerCase()
      .includes(wanted);
  });
}
