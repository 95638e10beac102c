import type { SourceRecord } from "../../model/record.ts";
import { differenceOf, readContent, type ContentView, type Difference } from "./content.ts";
import { createFinding, type Finding } from "./finding.ts";
import type { ForeignDocument } from "./position.ts";

/** A reason, and how many findings it explains. */
export interface Cause {
  readonly finding: "missing" | "doubled" | "changed";
  /** A phrase. */
  readonly cause: string;
  readonly count: number;
  /** The first of them. */
  readonly example: { readonly partition: number; readonly offset: number };
}

/** A changed record, with what differs first. */
export interface Change extends Difference {
  readonly partition: number;
  readonly offset: number;
}

/** What was found out about a topic and an index that another tool filled. */
export interface Findings {
  /** Records without a document. */
  readonly missing: Finding;
  /** Records with more than one document. */
  readonly doubled: Finding;
  /** Records with a document that does not hold their content. */
  readonly changed: Finding;
  /** Documents without a record, and records that cannot be judged. */
  readonly unknown: Finding;
  /** The most frequent first. */
  readonly causes: readonly Cause[];
  /** The first changes. */
  readonly changes: readonly Change[];
  /** Documents beyond the first of their record. */
  readonly extraDocuments: number;
  readonly records: number;
  /** Records without a value, which tools treat differently: neither missing nor unknown. */
  readonly nulls: number;
  /** Documents whose content was compared with their record's. */
  readonly compared: number;
  /** Whether there were more ranges than are listed. */
  readonly isCut: boolean;
}

/** The next part of a partition. */
export interface ForeignStretch {
  readonly partition: number;
  /** One past the last offset. */
  readonly end: number;
  /** In order of offsets. */
  readonly records: readonly SourceRecord[];
  readonly documents: ReadonlyMap<number, readonly ForeignDocument[]>;
}

export interface TallyOptions {
  /** How contents are compared; null: not at all. */
  readonly view: ContentView | null;
  /** Why a record is missing; a phrase. */
  readonly whyMissing: (value: Buffer) => string | null;
}

/** Causes of further missing records are not looked for, and further kinds of causes not counted. */
const EXPLAINED = 10_000;
const CAUSES = 200;
const SHOWN_CHANGES = 10;
const SHOWN_LENGTH = 80;

export interface Tally {
  /** Accounts for each offset of the stretch. */
  take(stretch: ForeignStretch): void;
  /** Adds documents that no stretch contained. */
  addUnplaced(count: number): void;
  result(): Findings;
}

/** Compares records with the documents that tell their positions. Keeps only counts, ranges and causes. */
export function createTally({ view, whyMissing }: TallyOptions): Tally {
  const [missing, doubled, changed, unknown] = [
    createFinding(),
    createFinding(),
    createFinding(),
    createFinding(),
  ];
  const causes = createCauses();
  const changes: Change[] = [];
  let [extraDocuments, records, nulls, compared] = [0, 0, 0, 0];

  const judge = (record: SourceRecord, value: Buffer, documents: readonly ForeignDocument[]): void => {
    const { partition, offset } = record;
    if (documents.length === 0) {
      missing.add(partition, offset);
      if (missing.count <= EXPLAINED) causes.add("missing", whyMissing(value) ?? UNEXPLAINED, record);
      return;
    }
    if (documents.length > 1) {
      doubled.add(partition, offset);
      extraDocuments += documents.length - 1;
      causes.add("doubled", whyDoubled(documents), record);
    }
    if (view === null) return;
    const content = readContent(value);
    let first: Difference | null = null;
    for (const { leaves } of documents) {
      if (leaves.size === 0) continue;
      compared += 1;
      first ??= differenceOf(content, leaves, view);
    }
    if (first === null) return;
    changed.add(partition, offset);
    causes.add("changed", whyChanged(first), record);
    if (changes.length < SHOWN_CHANGES) changes.push({ partition, offset, ...shortened(first) });
  };

  return {
    take({ partition, end, records: read, documents }) {
      const strays = [...documents.keys()].sort((a, b) => a - b);
      let next = 0;
      /** Documents at offsets below this one at which Kafka returned no record. */
      const passTo = (offset: number): void => {
        for (let stray = strays[next]; stray !== undefined && stray < offset; stray = strays[++next])
          unknown.add(partition, stray);
        while (strays[next] === offset) next += 1;
      };
      for (const record of read) {
        const { offset, value, setAside } = record;
        passTo(offset);
        if (setAside !== undefined) {
          records += setAside.records;
          const until = Math.min(setAside.end, end, offset + setAside.records);
          for (let at = offset; at < until; at += 1) if (!documents.has(at)) unknown.add(partition, at);
          while ((strays[next] ?? Infinity) < setAside.end) next += 1;
          continue;
        }
        records += 1;
        if (value === null) nulls += 1;
        else judge(record, value, documents.get(offset) ?? []);
      }
      passTo(Math.max(end, (strays.at(-1) ?? 0) + 1));
    },
    addUnplaced: (count) => unknown.addUnplaced(count),
    result: () => ({
      missing: missing.build(),
      doubled: doubled.build(),
      changed: changed.build(),
      unknown: unknown.build(),
      causes: causes.build(),
      changes,
      extraDocuments,
      records,
      nulls,
      compared,
      isCut: [missing, doubled, changed, unknown].some((finding) => finding.isCut),
    }),
  };
}

export const UNEXPLAINED =
  "neither the records nor today's mapping explains it: they were lost on the way, dropped by the tool's own rules, or are still on their way";

/** Counts causes by their text. */
export function createCauses() {
  const found = new Map<
    string,
    { finding: Cause["finding"]; cause: string; count: number; example: Cause["example"] }
  >();
  return {
    add(finding: Cause["finding"], cause: string, { partition, offset }: Cause["example"]): void {
      const key = `${finding}:${cause}`;
      const known = found.get(key);
      if (known !== undefined) known.count += 1;
      else if (found.size < CAUSES)
        found.set(key, { finding, cause, count: 1, example: { partition, offset } });
    },
    build: (): readonly Cause[] => [...found.values()].sort((a, b) => b.count - a.count),
  };
}

/** Elasticsearch's own ids: 15 or 16 bytes in base 64 (`TimeBasedUUIDGenerator`, `RandomBasedUUIDGenerator`). */
const AUTOMATIC_ID = /^[\w-]{20,22}$/;

function whyDoubled(documents: readonly ForeignDocument[]): string {
  const ids = new Set(documents.map(({ id }) => id));
  const indices = [...new Set(documents.map(({ index }) => index))].sort();
  if (ids.size === 1)
    return `the same id is in ${indices.slice(0, 3).join(" and ")}: an id is unique within one index only`;
  if ([...ids].every((id) => AUTOMATIC_ID.test(id)))
    return "Elasticsearch assigned the ids, so what the tool sent again was indexed again";
  return "the ids differ, so what was sent again was indexed again";
}

function whyChanged({ field, record, document }: Difference): string {
  if (document === null) return `the document has no field "${field}"`;
  if (document !== "" && document.length < record.length && record.startsWith(document))
    return `field "${field}" was cut`;
  if (document.includes("\uFFFD") && !record.includes("\uFFFD"))
    return `field "${field}" has replacement characters: the bytes were read in another encoding`;
  return `field "${field}" has another value`;
}

/** Both values from shortly before the first character that differs. */
function shortened({ field, record, document }: Difference): Difference {
  let same = 0;
  while (same < record.length && record[same] === document?.[same]) same += 1;
  const from = Math.max(0, same - SHOWN_LENGTH / 4);
  const cut = (text: string): string => {
    const shown = text.slice(from, from + SHOWN_LENGTH);
    return `${from > 0 ? "…" : ""}${shown}${from + SHOWN_LENGTH < text.length ? "…" : ""}`;
  };
  return { field, record: cut(record), document: document === null ? null : cut(document) };
}
