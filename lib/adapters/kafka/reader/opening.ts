import { backoffMs, type BackoffRule } from "../../../rules/base/backoff.ts";
import { parseCommitNote } from "../../../rules/offsets/checkpoint.ts";
import type { StartAt } from "../../../rules/model/declaration.ts";
import { messageOf } from "../../../rules/base/errors.ts";
import { beginningAt, marksOfOtherLog, type Marks } from "../../../rules/offsets/marks.ts";
import { resumeAt, type Position } from "../../../rules/offsets/position.ts";
import type { Time } from "../../../rules/base/time.ts";
import type { GroupMember } from "../group/member/member.ts";
import type { Tenure } from "../group/member/tenure.ts";
import type { KafkaWire } from "../protocol/wire.ts";
import type { Leaders } from "./leaders.ts";
import { type LogEnds, LogEndsLookup } from "./log-ends.ts";
import { pinStarts, type StartPinsDeps } from "./start-pins.ts";

/** Where to continue one partition. */
export interface OpenedPartition {
  readonly tenure: Tenure;
  /** Null if the group has no commit; `position.start` is then the log's start. */
  readonly committed: number | null;
  readonly position: Position;
  /** One past the last record that anybody can have read so far: the high watermark. */
  readonly logEnd: number;
  /** Where records were sent to before, as the commit's metadata says; null if unknown. */
  readonly place: string | null;
  /** See `CommitNote`; those of a log that was replaced are gone. */
  readonly marks: Marks | null;
}

/** A newly assigned partition whose start position is needed; its callbacks may not throw. */
export interface Opening {
  readonly tenure: Tenure;
  /** Where to start if the group has no commit of any partition of the topic. Called for each try. */
  startAt(): StartAt;
  /** False if it is no longer needed. */
  isDue(): boolean;
  onOpened(partition: OpenedPartition): void;
  /** Called after failed tries, with the reason; it is tried again. */
  onTrouble(reason: string): void;
}

/** Finds the start positions of partitions, batching those added at the same time, and retries until they are known. */
export interface Openings {
  add(opening: Opening): void;
  /** Returns the current start and end (high watermark) of a partition's log. @throws PenstockError */
  logOf(topic: string, partition: number): Promise<LogEnds>;
  close(): void;
}

export interface OpeningsDeps {
  readonly member: Pick<GroupMember, "committed" | "commit">;
  readonly wire: KafkaWire;
  /** The reader's. */
  readonly leaders: Leaders;
  readonly time: Time;
}

/** The group's commit for one partition. */
interface Committed {
  readonly offset: number | null;
  readonly metadata: string | null;
}

const AGAIN: BackoffRule = { initialMs: 100, maxMs: 5_000 };
/** Earlier failures are not reported: leaders move, and new topics are not known everywhere at once. */
const TROUBLE_FROM_TRY = 3;
/** The first partition's owner commits all start offsets; from this try on anyone does. A dead owner is replaced in 6 s. */
const PIN_FROM_TRY = 8;

export function createOpenings(deps: OpeningsDeps): Openings {
  const rounds = new OpeningRounds(deps);
  return {
    add: (opening) => rounds.add(opening),
    logOf: (topic, partition) => rounds.logOf(topic, partition),
    close: () => rounds.close(),
  };
}

/**
 * Compares the committed offsets with both ends of the logs. Otherwise an offset out of range would only be noticed by
 * a failed fetch, and an offset inside a recreated log not at all.
 *
 * Many partitions take few requests: one for the commits, and two per leader for the ends. Each partition opens as soon
 * as its own leader has answered.
 */
class OpeningRounds {
  readonly #deps: OpeningsDeps;
  readonly #logEnds: LogEndsLookup;
  readonly #pins: StartPinsDeps;
  readonly #life = new AbortController();
  readonly #retries = new Set<() => void>();
  #gathered: Opening[] = [];

  constructor(deps: OpeningsDeps) {
    this.#deps = deps;
    this.#logEnds = new LogEndsLookup(deps.wire, deps.leaders);
    this.#pins = { member: deps.member, logEnds: this.#logEnds, now: () => deps.time.now() };
  }

  add(opening: Opening): void {
    this.#gathered.push(opening);
    if (this.#gathered.length > 1) return;
    queueMicrotask(() => {
      const openings = this.#gathered;
      this.#gathered = [];
      void this.#round(openings, 1);
    });
  }

  logOf(topic: string, partition: number): Promise<LogEnds> {
    return this.#logEnds.of({ topic, partition }, this.#life.signal);
  }

  close(): void {
    this.#life.abort(new Error("nothing is opened any more"));
    for (const callOff of this.#retries) callOff();
  }

  async #round(openings: readonly Opening[], tries: number): Promise<void> {
    const left = new Map(openings.flatMap((one) => (one.isDue() ? [[one.tenure, one] as const] : [])));
    /** Why the others failed. */
    const why = new Map<Opening, string>();
    const { signal } = this.#life;
    if (left.size === 0 || signal.aborted) return;
    const open = (partition: OpenedPartition): void => {
      const opening = left.get(partition.tenure);
      left.delete(partition.tenure);
      if (opening?.isDue() === true && !signal.aborted) opening.onOpened(partition);
    };
    try {
      const isPatient = tries < PIN_FROM_TRY;
      await this.#find([...left.values()], isPatient, open, (opening, reason) => why.set(opening, reason));
    } catch (error) {
      for (const opening of left.values()) why.set(opening, messageOf(error));
    }
    if (signal.aborted) return;
    const again = [...left.values()].filter((opening) => opening.isDue());
    if (again.length === 0) return;
    if (tries >= TROUBLE_FROM_TRY)
      for (const opening of again)
        opening.onTrouble(why.get(opening) ?? "Kafka did not report its committed offset");
    const callOff = this.#deps.time.after(backoffMs(AGAIN, tries, this.#deps.time.random()), () => {
      this.#retries.delete(callOff);
      void this.#round(again, tries + 1);
    });
    this.#retries.add(callOff);
  }

  /**
   * @param isPatient true if only the owner of the first partition may commit the ends
   * @throws errors that concern all partitions that are not open yet
   */
  async #find(
    openings: readonly Opening[],
    isPatient: boolean,
    open: (partition: OpenedPartition) => void,
    fail: (opening: Opening, reason: string) => void,
  ): Promise<void> {
    const { leaders, member } = this.#deps;
    const all = Map.groupBy(openings, ({ tenure }) => tenure.topic);
    await leaders.find(all.keys());
    const partitions = new Map<string, readonly number[]>();
    const byTopic = new Map<string, readonly Opening[]>();
    for (const [topic, own] of all) {
      const known = leaders.topic(topic)?.leaders ?? new Map<number, number>();
      const there = own.filter(({ tenure }) => known.has(tenure.partition));
      byTopic.set(topic, there);
      if (there.length > 0) partitions.set(topic, [...known.keys()]);
      if (there.length === own.length) continue;
      // Just added, or missing because the topic was recreated with fewer partitions; the others continue.
      leaders.need(topic, 0);
      for (const opening of own)
        if (!known.has(opening.tenure.partition)) fail(opening, "Kafka knows no such partition");
    }
    if (partitions.size === 0) return;
    const committed = await member.committed(partitions, this.#life.signal);
    const pinned: string[] = [];
    const resumed: { readonly opening: Opening; readonly before: Committed }[] = [];
    for (const [topic, known] of partitions) {
      const told = committed.get(topic);
      const own = byTopic.get(topic) ?? [];
      const offsets = known.map((partition) => told?.get(partition)?.offset);
      const isRead = offsets.some((offset) => typeof offset === "number");
      if (!isRead && own.some((opening) => opening.startAt() !== "earliest")) {
        // An unknown commit must not be treated as no commit.
        if (offsets.includes(undefined)) continue;
        // All partitions are committed together.
        const isWhole = own.length === all.get(topic)?.length;
        // If two members did it, the later one would commit past records that the other has started to read.
        const first = Math.min(...known);
        const isOurs = !isPatient || own.some(({ tenure }) => tenure.partition === first);
        const why = isWhole
          ? `the owner of partition ${first} has not committed where the topic starts yet`
          : "Kafka does not know all of its partitions yet";
        if (isWhole && isOurs) pinned.push(topic);
        else for (const opening of own) fail(opening, why);
        continue;
      }
      for (const opening of own) {
        const before = told?.get(opening.tenure.partition);
        if (before !== undefined) resumed.push({ opening, before });
      }
    }
    await Promise.all([
      this.#resume(resumed, open, fail),
      this.#pin(pinned, partitions, byTopic, open, fail),
    ]);
  }

  /** Opens partitions at their commit, or at the start of the log. */
  async #resume(
    resumed: readonly { readonly opening: Opening; readonly before: Committed }[],
    open: (partition: OpenedPartition) => void,
    fail: (opening: Opening, reason: string) => void,
  ): Promise<void> {
    const asked = resumed.map(({ opening, before }) => {
      const { topic, partition } = opening.tenure;
      return { topic, partition, opening, before, logStart: -1, logEnd: -1 };
    });
    const told = (one: (typeof asked)[number]): void => {
      const { opening, partition, before, logStart, logEnd } = one;
      const { tenure } = opening;
      if (logStart < 0 || logEnd < 0) return;
      const { offset: committed } = before;
      const { last: checkpoint, place, marks: noted } = parseCommitNote(before.metadata);
      const position =
        committed === null
          ? { start: logStart, check: null, lost: null }
          : resumeAt({ partition, committed, checkpoint, logStart, logEnd });
      const marks = position.lost?.cause === "recreated" ? marksOfOtherLog(noted) : noted;
      open({ tenure, committed, position, logEnd, place, marks });
    };
    const { signal } = this.#life;
    await Promise.all([
      this.#logEnds.ask("earliest", asked, signal, (one, offset) => {
        if (typeof offset === "number") one.logStart = offset;
        else fail(one.opening, offset.message);
        told(one);
      }),
      this.#logEnds.ask("latest", asked, signal, (one, offset) => {
        if (typeof offset === "number") one.logEnd = offset;
        else fail(one.opening, offset.message);
        told(one);
      }),
    ]);
  }

  /** Begins topics without any commit. */
  async #pin(
    topics: readonly string[],
    partitions: ReadonlyMap<string, readonly number[]>,
    byTopic: ReadonlyMap<string, readonly Opening[]>,
    open: (partition: OpenedPartition) => void,
    fail: (opening: Opening, reason: string) => void,
  ): Promise<void> {
    const beginnings = topics.map((topic) => {
      const own = byTopic.get(topic) ?? [];
      return {
        topic,
        startAt: own[0]?.startAt() ?? "latest",
        partitions: partitions.get(topic) ?? [],
        tenures: new Map(own.map(({ tenure }) => [tenure.partition, tenure])),
      };
    });
    for (const [topic, starts] of await pinStarts(beginnings, this.#pins, this.#life.signal))
      for (const opening of byTopic.get(topic) ?? []) {
        const { tenure } = opening;
        const start = typeof starts === "string" ? undefined : starts.get(tenure.partition);
        if (typeof starts === "string") fail(opening, starts);
        if (start === undefined) continue;
        const position = { start, check: null, lost: null };
        open({ tenure, committed: start, position, logEnd: start, place: null, marks: beginningAt(start) });
      }
  }
}
