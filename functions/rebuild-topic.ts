import { PenstockError } from "../lib/rules/base/errors.ts";
import { quoted } from "../lib/rules/base/visible-text.ts";
import type { RebuildOrder } from "../lib/rules/rebuild/rebuild.ts";
import { progressText, type RebuildStatus } from "../lib/rules/rebuild/rebuild-status.ts";
import { type BeginDeps, beginRebuild, refused } from "./rebuild-topic/begin.ts";
import { lookAtRebuild, type SeenRebuild } from "./rebuild-topic/look.ts";
import { writeOrder } from "./rebuild-topic/write-order.ts";

/**
 * - **begin**: reads the topic from its start into a new index, beside the live one.
 * - **pause**, **resume**: of that reading.
 * - **swap**: makes the new index the live one. Both get each record from then on.
 * - **back**: makes the old index the live one again.
 * - **finish**: after a swap, ends the rebuild; from then on only the new index is written.
 * - **cancel**: before a swap, ends the rebuild; the new index stays as it is.
 */
export const rebuildActions = ["begin", "pause", "resume", "swap", "back", "finish", "cancel"] as const;
export type RebuildAction = (typeof rebuildActions)[number];

export interface RebuildTopicInput {
  readonly topic: string;
  readonly action: RebuildAction;
  /** The new index; only to begin. */
  readonly index: string | null;
  /** Who orders it, for people. */
  readonly by: string;
  /** Begins although Kafka no longer has all records, or another topic shares the index; swaps before it has caught up. */
  readonly force: boolean;
}

export interface RebuildTopicDeps extends BeginDeps {
  /** Where the topic is declared, for people. */
  placeOf(topic: string): string;
  /** @throws the signal's reason */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export interface RebuildTopicResult {
  /** What was done, and what is to be done next: sentences. */
  readonly message: string;
  /** Null if the rebuild has ended. */
  readonly status: RebuildStatus | null;
}

/** How long hosts may take to begin what was ordered: they look every 2 s. */
const HEARD_MS = 15_000;
/** How long the last records may take before a swap or an end. */
const CAUGHT_UP_MS = 60_000;
const POLL_MS = 300;
/** By then hosts have heard of an end, and the bulk that was under way is over. */
const LET_GO_MS = 5_000;

/**
 * Begins, steers or ends the rebuild of a topic into another index. Nothing of it is kept here: the order is in Kafka, and
 * hosts carry it out; so the same action after a crash goes on where it was.
 * @throws PenstockError `usage`, if the action does not fit; `topic_missing`, if no source declares the topic or Kafka does
 *   not have it; `deadline_exceeded`, if no host carries it out; if a server fails
 */
export async function rebuildTopic(
  input: RebuildTopicInput,
  deps: RebuildTopicDeps,
): Promise<RebuildTopicResult> {
  const { topic, action, index } = input;
  if (action === "begin") {
    if (index === null) throw refused(topic, "the new index is not named");
    await beginRebuild({ ...input, index }, deps);
    const { status } = await until(
      topic,
      HEARD_MS,
      deps,
      isTaken,
      "The order stands: hosts begin when they can",
    );
    const size = progressText(status);
    // A held topic is not read, and neither is its rebuild.
    const wait =
      status.state === "paused" && status.reason !== null ? `. Nothing is read yet: ${status.reason}` : "";
    return {
      status,
      message: `Topic ${quoted(topic)} is rebuilt into index ${quoted(index)} (${size}); the live index stays as it is${wait}.`,
    };
  }
  if (index !== null) throw refused(topic, "only a new rebuild takes an index");
  const seen = await lookAtRebuild(topic, deps);
  const steps = { pause, resume: pause, swap, back, finish, cancel };
  return steps[action](input, seen, deps);
}

async function pause(
  input: RebuildTopicInput,
  { order }: SeenRebuild,
  deps: RebuildTopicDeps,
): Promise<RebuildTopicResult> {
  const { topic, action } = input;
  const paused = action === "pause";
  await writeOrder(input, { ...order, paused }, deps);
  const { status } = await lookAtRebuild(topic, deps);
  const word = paused ? "is paused" : "goes on";
  return { status, message: `The rebuild of topic ${quoted(topic)} into ${quoted(order.index)} ${word}.` };
}

async function swap(
  input: RebuildTopicInput,
  seen: SeenRebuild,
  deps: RebuildTopicDeps,
): Promise<RebuildTopicResult> {
  const { topic, force } = input;
  const { order } = seen;
  const { index, old, alias } = order;
  const { state } = seen.status;
  const isReady = state === "caught up" || state === "swapped" || (state === "running" && force);
  if (!isReady) {
    const why = seen.status.reason === null ? "" : `: ${seen.status.reason}`;
    throw refused(
      topic,
      `it is ${state}${why}, at ${progressText(seen.status)}; swap it once it has caught up`,
    );
  }
  await writeOrder(input, { ...order, both: true }, deps);
  // From then on each host fills both, from where the live index was.
  await until(topic, HEARD_MS, deps, areBoth);
  if (!force) await untilRead(topic, deps);
  await deps.indices.swap({ alias, from: old, to: index }, deps.signal);
  return { status: (await lookAtRebuild(topic, deps)).status, message: done(topic, index, old, order, deps) };
}

async function back(
  input: RebuildTopicInput,
  { order }: SeenRebuild,
  deps: RebuildTopicDeps,
): Promise<RebuildTopicResult> {
  const { topic } = input;
  const { index, old, alias, both } = order;
  if (!both) throw refused(topic, `it was not swapped: ${quoted(old)} is the live index`);
  await writeOrder(input, order, deps);
  await untilRead(topic, deps);
  await deps.indices.swap({ alias, from: index, to: old }, deps.signal);
  return { status: (await lookAtRebuild(topic, deps)).status, message: done(topic, old, index, order, deps) };
}

function done(
  topic: string,
  to: string,
  from: string,
  { alias }: RebuildOrder,
  deps: RebuildTopicDeps,
): string {
  const both = "Both indices get each record until the rebuild is finished or cancelled.";
  if (alias !== null)
    return `Alias ${quoted(alias)} leads to ${quoted(to)} now, and no longer to ${quoted(from)}. ${both}`;
  if (deps.specs.get(topic)?.index === to)
    return `Topic ${quoted(topic)} is written to ${quoted(to)}. ${both}`;
  return `Index ${quoted(to)} is found by searches over all topics now, instead of ${quoted(from)}. To write to it, declare index ${quoted(to)} for topic ${quoted(topic)} (${deps.placeOf(topic)}). ${both}`;
}

async function finish(
  input: RebuildTopicInput,
  { order, live }: SeenRebuild,
  deps: RebuildTopicDeps,
): Promise<RebuildTopicResult> {
  const { topic } = input;
  const { index, old } = order;
  if (live !== index)
    throw refused(topic, `it is not swapped: ${quoted(old)} is the live index; cancel ends it all the same`);
  await untilRead(topic, deps);
  // If it was declared without a swap.
  await deps.indices.swap({ alias: null, from: old, to: index }, deps.signal);
  await end(input, order, deps);
  return {
    status: null,
    message: `The rebuild of topic ${quoted(topic)} is finished: only ${quoted(index)} is written. ${quoted(old)} stays as it is; delete it when nobody needs it.`,
  };
}

async function cancel(
  input: RebuildTopicInput,
  { order, live }: SeenRebuild,
  deps: RebuildTopicDeps,
): Promise<RebuildTopicResult> {
  const { topic } = input;
  const { index, old } = order;
  if (live === index)
    throw refused(topic, `${quoted(index)} is the live index by now: finish it, or go back first`);
  // A bulk creates an index that was deleted meanwhile; then it has the alias of all indices too.
  if ((await deps.indices.uuid(index, deps.signal)) !== null)
    await deps.indices.swap({ alias: null, from: index, to: old }, deps.signal);
  await end(input, order, deps);
  return {
    status: null,
    message: `The rebuild of topic ${quoted(topic)} is cancelled. Index ${quoted(index)} stays as it is: delete it, or rebuild into it again.`,
  };
}

/** Waits until nothing is written any more: a later bulk would create an index again that somebody deleted. */
async function end(input: RebuildTopicInput, order: RebuildOrder, deps: RebuildTopicDeps): Promise<void> {
  await writeOrder(input, order, deps, true);
  await deps.wait(LET_GO_MS, deps.signal);
}

const isTaken = ({ positions, status }: SeenRebuild): string | null =>
  status.state === "paused" || positions.size >= status.partitions.length
    ? null
    : "no host has begun all of its partitions";

const areBoth = ({ positions, status }: SeenRebuild): string | null => {
  const left = status.partitions.filter(({ partition }) => positions.get(partition)?.both !== true);
  return left.length === 0
    ? null
    : `no host fills both indices from partitions ${left.map(({ partition }) => partition).join(", ")}`;
};

/** Waits until everything that is in Kafka now has been read. */
async function untilRead(topic: string, deps: RebuildTopicDeps): Promise<void> {
  const log = await deps.ranges(topic, deps.signal);
  await until(topic, CAUGHT_UP_MS, deps, ({ positions }) => {
    const left = [...log].filter(([partition, { end }]) => (positions.get(partition)?.next ?? 0) < end);
    return left.length === 0 ? null : `${left.length} partitions are not read up to the end yet`;
  });
}

/**
 * Looks again until nothing is left to wait for.
 * @param missing what is waited for; null: no more
 * @param rest what becomes of the order if that takes too long
 * @throws PenstockError `deadline_exceeded`: a rebuild that has begun goes on; what was to follow the wait has to be ordered
 *   again
 */
async function until(
  topic: string,
  ms: number,
  deps: RebuildTopicDeps,
  missing: (seen: SeenRebuild) => string | null,
  rest = "Both indices stay as they are; order it again later",
): Promise<SeenRebuild> {
  const untilMs = deps.now() + ms;
  for (;;) {
    const seen = await lookAtRebuild(topic, deps);
    const why = missing(seen);
    if (why === null) return seen;
    if (deps.now() >= untilMs) {
      const reason = seen.status.reason === null ? "" : ` (${seen.status.reason})`;
      throw new PenstockError(
        "deadline_exceeded",
        `After ${Math.round(ms / 1_000)} s, ${why}${reason}. ${rest}`,
        { retryable: true },
      );
    }
    await deps.wait(POLL_MS, deps.signal);
  }
}
