import type { WordPlace } from "./words.ts";
import type { WordVerdict } from "./look-for.ts";
import type { CorpusOutcome } from "./outcomes.ts";

/** Counts over some records. */
export interface CorpusTally {
  readonly records: number;
  readonly documents: number;
  /** Records with a dead letter. */
  readonly refused: number;
  /** Indexed as one field or as plain text, because the mapping refused them otherwise. */
  readonly flattened: number;
  /** Documents with a value that is not searchable in its field. */
  readonly ignored: number;
  /** Dated in 1970. */
  readonly in1970: number;
  /** Among documents whose event's time is known. */
  readonly times: Share;
  /** Words found. The words of a refused record count as not found. */
  readonly words: Readonly<Record<WordPlace, Share>>;
  /** Neither a document nor a dead letter. */
  readonly lost: number;
  /** More than one document, or a document and a dead letter. */
  readonly doubled: number;
}

export interface Share {
  readonly right: number;
  readonly of: number;
}

const YEAR_MS = 365 * 86_400_000;
const FLATTENED: ReadonlySet<string> = new Set(["fields_flattened", "fields_as_text"]);

export const isLost = ({ documents, refusals }: CorpusOutcome): boolean =>
  documents.length === 0 && refusals.length === 0;
export const isIn1970 = ({ documents }: CorpusOutcome): boolean =>
  documents.some(({ timeMs }) => timeMs < YEAR_MS);
/** False also if the event's time is not known. A millisecond may be lost by rounding. */
export const isTimeRight = ({ record, documents }: CorpusOutcome): boolean =>
  record.timeMs !== null && documents.some(({ timeMs }) => Math.abs(timeMs - (record.timeMs ?? 0)) <= 1);

export function tallyOf(outcomes: readonly CorpusOutcome[], verdicts: readonly WordVerdict[]): CorpusTally {
  const count = (holds: (outcome: CorpusOutcome) => boolean): number => outcomes.filter(holds).length;
  const has = (holds: (document: CorpusOutcome["documents"][number]) => boolean): number =>
    count(({ documents }) => documents.some(holds));
  const wordsIn = (wanted: WordPlace): Share => {
    const words = verdicts.filter(({ place }) => place === wanted);
    return { right: words.filter(({ found }) => found).length, of: words.length };
  };
  return {
    records: outcomes.length,
    documents: count(({ documents }) => documents.length > 0),
    refused: count(({ refusals }) => refusals.length > 0),
    flattened: has(({ tags }) => tags.some((tag) => FLATTENED.has(tag))),
    ignored: has(({ ignored }) => ignored.length > 0),
    in1970: count(isIn1970),
    times: {
      right: count(isTimeRight),
      of: count(({ record, documents }) => record.timeMs !== null && documents.length > 0),
    },
    words: { text: wordsIn("text"), message: wordsIn("message"), elsewhere: wordsIn("elsewhere") },
    lost: count(isLost),
    doubled: count(({ documents, refusals }) => documents.length + Math.min(1, refusals.length) > 1),
  };
}
