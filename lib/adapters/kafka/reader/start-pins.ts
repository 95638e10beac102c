import { messageOf, type PenstockError } from "../../../rules/base/errors.ts";
import type { StartAt } from "../../../rules/model/declaration.ts";
import { beginningAt } from "../../../rules/offsets/marks.ts";
import { futureFault, momentOf, parseStartPoint } from "../../../rules/offsets/start-point.ts";
import type { CommitEntry, GroupMember } from "../group/member/member.ts";
import { Tenure } from "../group/member/tenure.ts";
import { askTime, type LogEndsLookup, type PartitionName } from "./log-ends.ts";

/** A topic that begins. */
export interface Beginning {
  readonly topic: string;
  readonly startAt: StartAt;
  /** All of them, also those of other members. */
  readonly partitions: readonly number[];
  /** Of those that are ours. */
  readonly tenures: ReadonlyMap<number, Tenure>;
}

export interface StartPinsDeps {
  readonly member: Pick<GroupMember, "commit">;
  readonly logEnds: LogEndsLookup;
  /** Milliseconds since the epoch. */
  now(): number;
}

/**
 * `startAt: latest` or a time, for topics without any commit: commits where all partitions begin together, including
 * those of other members, so that no record from then on is skipped, and a restart looks nothing up anew. Partitions
 * added later have no commit and start at the beginning.
 * @returns by topic: the offsets by partition, or why nothing was committed; nothing once the signal is aborted
 */
export async function pinStarts(
  beginnings: readonly Beginning[],
  deps: StartPinsDeps,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ReadonlyMap<number, number> | string>> {
  const all = await Promise.all(
    beginnings.map(async (one) => [one, await startsOf(one, deps, signal)] as const),
  );
  if (signal.aborted) return new Map();
  const entries = all.flatMap(([{ topic, tenures }, starts]) =>
    typeof starts === "string"
      ? []
      : [...starts].map(([partition, offset]): CommitEntry => {
          const tenure = tenures.get(partition) ?? new Tenure(topic, partition);
          return { tenure, offset, last: null, marks: beginningAt(offset), once: true };
        }),
  );
  const refusals = await commitStarts(entries, deps, signal);
  return new Map(
    all.map(([{ topic }, starts]) => {
      const refusal = refusals.get(topic) ?? refusals.get("");
      const isRefused = typeof starts !== "string" && refusal !== undefined;
      return [topic, isRefused ? `where it begins could not be committed: ${refusal}` : starts];
    }),
  );
}

/** @returns by partition, or why that is not known of all */
async function startsOf(
  { topic, startAt, partitions }: Beginning,
  deps: StartPinsDeps,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, number> | string> {
  const { logEnds } = deps;
  const nowMs = deps.now();
  const future = futureFault(startAt, nowMs);
  if (future !== null) return `startAt ${startAt} ${future}`;
  const point = parseStartPoint(startAt);
  const atMs = point === null ? null : momentOf(point, nowMs);
  const asked = partitions.map((partition) => ({ topic, partition }));
  const starts = new Map<number, number>();
  const failures: string[] = [];
  const found = ({ partition }: PartitionName, offset: number | PenstockError): void => {
    if (typeof offset === "number") starts.set(partition, offset);
    else failures.push(offset.message);
  };
  if (atMs === null) await logEnds.ask("latest", asked, signal, found);
  else await askTime(logEnds, atMs, asked, signal, found);
  return failures[0] ?? starts;
}

/** @returns the failure reasons by topic; the empty name stands for all topics */
async function commitStarts(
  entries: readonly CommitEntry[],
  { member }: StartPinsDeps,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  if (entries.length === 0) return new Map();
  try {
    const refused = await member.commit(entries, signal);
    return new Map([...refused].map(([{ topic }, type]) => [topic, type]));
  } catch (error) {
    return new Map([["", messageOf(error)]]);
  }
}
