import type { AssignmentContext } from "kafkajs";
import { checkpointMetadata, type Checkpoint } from "../../rules/checkpoint.ts";
import type { StartAt } from "../../rules/declaration.ts";
import { resumeAt, type LostRange, type Position } from "../../rules/position.ts";
import { readCommitted, type CommittedOffset } from "./committed.ts";

/** The partitions this member got in one generation of its group, and the right to commit for them. */
export interface Assignment {
  readonly generation: number;
  /** Every partition of the topic, those of other members included. */
  readonly partitions: readonly number[];
  /** Of the partitions this member got: committed offset by partition; null where the group has none. */
  readonly committed: ReadonlyMap<number, number | null>;
  /** Where reading begins, of those partitions where that is not what is committed. */
  readonly starts: ReadonlyMap<number, number>;
  /** The last record before what is committed, of those partitions where the commit tells. */
  readonly checkpoints: ReadonlyMap<number, Checkpoint>;
  /**
   * Commits offsets (the next to read, by partition) in one request. It belongs to this generation: called
   * after another rebalance it is refused by the broker, and so cannot rewind the partition's new owner.
   * @param checkpoints the last record before each offset, where one is known
   */
  commit(offsets: ReadonlyMap<number, number>, checkpoints: ReadonlyMap<number, Checkpoint>): Promise<void>;
  /** The partition's next fetch begins here. Of no effect once there is another assignment. */
  seek(partition: number, offset: number): void;
}

/** An assignment, and how its first batches are to be taken. */
export interface OpenedAssignment {
  readonly assignment: Assignment;
  readonly positions: ReadonlyMap<number, Position & { readonly logStart: number }>;
  readonly lost: readonly LostRange[];
}

/**
 * Finds where each partition goes on, and has kafkajs begin there. Beside the committed offsets it looks at the log's
 * ends: kafkajs would notice a position out of range only by a failed fetch, and one in a log that was created again
 * and has outgrown it not at all.
 */
export async function openAssignment(
  { topic, startAt }: { readonly topic: string; readonly startAt: StartAt },
  context: AssignmentContext,
  seek: Assignment["seek"],
): Promise<OpenedAssignment> {
  const found = await readCommitted(context, topic);
  const fresh = found.every(({ offset }) => offset === null);
  const committed = fresh && startAt === "latest" ? await pinToEnd(context, topic, found) : found;

  const assigned = new Set(context.assigned.find((entry) => entry.topic === topic)?.partitions ?? []);
  const own = committed.filter(({ partition }) => assigned.has(partition));
  const positions = await findPositions(context, topic, own);
  for (const [partition, { start, check }] of positions)
    context.seek({ topic, partition, offset: String(check?.offset ?? start) });

  return {
    positions,
    lost: [...positions.values()].flatMap(({ lost }) => (lost === null ? [] : [lost])),
    assignment: {
      generation: context.generationId,
      partitions: committed.map(({ partition }) => partition),
      committed: new Map(own.map(({ partition, offset }) => [partition, offset])),
      starts: new Map(
        [...positions].flatMap(([partition, { start, lost }]) => (lost === null ? [] : [[partition, start]])),
      ),
      checkpoints: new Map(
        [...positions].flatMap(([partition, { check }]) => (check === null ? [] : [[partition, check]])),
      ),
      commit: (offsets, checkpoints) => {
        const partitions = [...offsets].map(([partition, offset]) => {
          const last = checkpoints.get(partition);
          return {
            partition,
            offset: String(offset),
            metadata: last === undefined ? null : checkpointMetadata(last),
          };
        });
        return context.commit([{ topic, partitions }]);
      },
      seek,
    },
  };
}

/** Of the partitions with a commit. A group without any, as that of a new topic, costs no request. */
async function findPositions(
  context: AssignmentContext,
  topic: string,
  committed: readonly CommittedOffset[],
): Promise<OpenedAssignment["positions"]> {
  const known = committed.flatMap(({ offset, ...rest }) => (offset === null ? [] : [{ ...rest, offset }]));
  if (known.length === 0) return new Map();
  const asked = [{ topic, partitions: known.map(({ partition }) => ({ partition })) }];
  const [starts, ends] = await Promise.all([
    context.fetchStartOffsets(asked),
    context.fetchEndOffsets(asked),
  ]);
  const [logStarts, logEnds] = [offsetsOf(starts, topic), offsetsOf(ends, topic)];
  return new Map(
    known.map(({ partition, offset, checkpoint }) => {
      const [logStart, logEnd] = [logStarts.get(partition) ?? 0, logEnds.get(partition) ?? offset];
      return [
        partition,
        { logStart, ...resumeAt({ partition, committed: offset, checkpoint, logStart, logEnd }) },
      ];
    }),
  );
}

/**
 * `startAt: latest` for a group without any commit: the ends of all partitions are committed at once, those of
 * other members too, so that whatever is written from now on is read, whoever reads it. Partitions added
 * later have no commit and start at earliest.
 */
async function pinToEnd(
  context: AssignmentContext,
  topic: string,
  committed: readonly CommittedOffset[],
): Promise<CommittedOffset[]> {
  const partitions = committed.map(({ partition }) => ({ partition }));
  const ends = offsetsOf(await context.fetchEndOffsets([{ topic, partitions }]), topic);
  const offsets = [...ends].map(([partition, end]) => ({ partition, offset: String(end), metadata: null }));
  await context.commit([{ topic, partitions: offsets }]);
  return committed.map(({ partition }) => ({
    partition,
    offset: ends.get(partition) ?? null,
    checkpoint: null,
  }));
}

function offsetsOf(
  answer: readonly { topic: string; partitions: readonly { partition: number; offset: string }[] }[],
  topic: string,
): Map<number, number> {
  const partitions = answer.find((entry) => entry.topic === topic)?.partitions ?? [];
  return new Map(partitions.map(({ partition, offset }) => [partition, Number(offset)]));
}
