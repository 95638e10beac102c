import { PenstockError } from "../../../rules/base/errors.ts";
import { Grouped } from "../../../rules/fetch/session.ts";
import { partitionWords } from "../../../rules/trouble/kafka-words.ts";
import type { KafkaCalls, KafkaWire } from "../protocol/wire.ts";
import type { Leaders } from "./leaders.ts";

/** The range of one partition's log. */
export interface LogEnds {
  readonly logStart: number;
  /** The high watermark. */
  readonly logEnd: number;
}

export interface PartitionName {
  readonly topic: string;
  readonly partition: number;
}

const ANSWER_MS = 5_000;

/** Asks the leaders where logs start and end. */
export class LogEndsLookup {
  readonly #wire: KafkaWire;
  readonly #leaders: Leaders;

  constructor(wire: KafkaWire, leaders: Leaders) {
    this.#wire = wire;
    this.#leaders = leaders;
  }

  /**
   * Looks up one end of each log, with one request per leader.
   * @param onAnswer called for each partition as its leader answers or fails; after an error, a repeated call uses the
   *   new leader
   */
  async ask<P extends PartitionName>(
    at: KafkaCalls["ListOffsets"]["request"]["at"],
    partitions: readonly P[],
    signal: AbortSignal,
    onAnswer: (partition: P, offset: number | PenstockError) => void,
  ): Promise<void> {
    await this.#leaders.find(new Set(partitions.map(({ topic }) => topic)));
    const byLeader = Map.groupBy(partitions, ({ topic, partition }) => this.#leaders.of(topic, partition));
    const asking = [...byLeader].map(async ([leader, own]) => {
      if (leader === null) {
        for (const one of own) onAnswer(one, this.#refused(one, this.#whyNone(one)));
        return;
      }
      let answered: ReadonlyMap<string, ReadonlyMap<number, number | string>>;
      try {
        answered = await this.#askLeader(leader, at, own, signal);
      } catch (error) {
        if (signal.aborted) return;
        for (const { topic } of own) this.#leaders.need(topic, 0);
        for (const one of own) onAnswer(one, asUnavailable(error));
        return;
      }
      for (const one of own) {
        const said = answered.get(one.topic)?.get(one.partition) ?? "UNKNOWN_TOPIC_OR_PARTITION";
        onAnswer(one, typeof said === "number" ? said : this.#refused(one, said));
      }
    });
    await Promise.all(asking);
  }

  /** @throws PenstockError */
  async of(partition: PartitionName, signal: AbortSignal): Promise<LogEnds> {
    const one = async (at: "earliest" | "latest"): Promise<number> => {
      let found: number | PenstockError | null = null;
      await this.ask(at, [partition], signal, (_, offset) => (found = offset));
      signal.throwIfAborted();
      return orThrow(found);
    };
    const [logStart, logEnd] = await Promise.all([one("earliest"), one("latest")]);
    return { logStart, logEnd };
  }

  /** Returns the offset or Kafka's error name, by topic and partition. */
  async #askLeader(
    leader: number,
    at: KafkaCalls["ListOffsets"]["request"]["at"],
    partitions: readonly PartitionName[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, ReadonlyMap<number, number | string>>> {
    const asked = new Grouped<number>();
    for (const { topic, partition } of partitions) asked.add(topic, partition);
    const request = { at, topics: asked.list };
    const how = { lane: "questions", timeoutMs: ANSWER_MS, signal } as const;
    const { topics } = await this.#wire.call(leader, "ListOffsets", request, how);
    return new Map(
      topics.map(({ topic, partitions: told }) => [
        topic,
        new Map(told.map(({ partition, error, offset }) => [partition, error ?? offset])),
      ]),
    );
  }

  #whyNone({ topic, partition }: PartitionName): string {
    const told = this.#leaders.topic(topic);
    if (told !== null && told.error !== null) return told.error;
    return told?.leaders.has(partition) === false ? "UNKNOWN_TOPIC_OR_PARTITION" : "LEADER_NOT_AVAILABLE";
  }

  #refused({ topic, partition }: PartitionName, type: string): PenstockError {
    this.#leaders.need(topic, 0);
    const missing = type === "UNKNOWN_TOPIC_OR_PARTITION";
    const message = `topic "${topic}", partition ${partition}: ${partitionWords(type)}`;
    return new PenstockError(missing ? "topic_missing" : "kafka_unavailable", message, { retryable: true });
  }
}

function orThrow(found: number | PenstockError | null): number {
  if (typeof found === "number") return found;
  throw found ?? asUnavailable(new Error("Kafka did not report where the log starts and ends"));
}

export function asUnavailable(error: unknown): PenstockError {
  if (error instanceof PenstockError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new PenstockError("kafka_unavailable", message, { retryable: true, cause: error });
}

/**
 * Finds the first record of that time or later in each log; without one, the log's end.
 * @param atMs milliseconds since the epoch
 * @param onFound called once for each partition, unless the signal is aborted; an error if the log has records but no
 *   timestamps, or no answer came
 */
export async function askTime(
  logEnds: LogEndsLookup,
  atMs: number,
  partitions: readonly PartitionName[],
  signal: AbortSignal,
  onFound: (partition: PartitionName, offset: number | PenstockError) => void,
): Promise<void> {
  const none: PartitionName[] = [];
  await logEnds.ask(atMs, partitions, signal, (one, offset) => {
    if (offset === -1) none.push(one);
    else onFound(one, offset);
  });
  const told = new Map(none.map((one) => [one, new Map<string | number, number | PenstockError>()]));
  const ask = (at: "earliest" | "latest" | 0): Promise<void> =>
    logEnds.ask(at, none, signal, (one, offset) => void told.get(one)?.set(at, offset));
  await Promise.all([ask("earliest"), ask("latest"), ask(0)]);
  if (signal.aborted) return;
  for (const [one, answers] of told) {
    const failure = [...answers.values()].find((answer) => typeof answer !== "number");
    const [start = 0, end = 0] = [answers.get("earliest"), answers.get("latest")];
    // Otherwise all of the log would be taken for older.
    const isTimeless = start < end && answers.get(0) === -1;
    onFound(one, failure ?? (isTimeless ? withoutTimes(one) : end));
  }
}

function withoutTimes({ topic, partition }: PartitionName): PenstockError {
  const message = `topic "${topic}", partition ${partition}: its records have no timestamps, so none can be found by time`;
  return new PenstockError("usage", message);
}
