import type { Standing } from "../../../../rules/group/protocol/assignment.ts";
import type { Time } from "../../../../rules/base/time.ts";
import type { KafkaWire } from "../../protocol/wire.ts";
import { LOOK_AGAIN_MS, METADATA_MS } from "../member/timing.ts";

interface Known {
  /** 0 if unknown. */
  readonly partitions: number;
  readonly standing: Exclude<Standing, "left_out">;
  /** Since when brokers have denied that a known topic exists, or null. */
  readonly doubtedMs: number | null;
}

const UNKNOWN: Known = { partitions: 0, standing: "unknown", doubtedMs: null };

/** The leader's latest knowledge of the group's topics: whether they exist and how many partitions they have. */
export class TopicMetadata {
  readonly #wire: KafkaWire;
  readonly #time: Time;
  readonly #known = new Map<string, Known>();
  /** Caches a set of topics without unsettled ones, so that ten thousand are not scanned every second. */
  #settled: ReadonlySet<string> | null = null;

  constructor(wire: KafkaWire, time: Time) {
    this.#wire = wire;
    this.#time = time;
  }

  of(topic: string): Known {
    return this.#known.get(topic) ?? UNKNOWN;
  }

  /** Returns the topics to look up: those that are not known to exist, and those that brokers may have denied. */
  unsettled(topics: ReadonlySet<string>): string[] {
    if (topics === this.#settled) return [];
    const unsettled = [...topics].filter((topic) => {
      const { standing, doubtedMs } = this.of(topic);
      return standing !== "given" || doubtedMs !== null;
    });
    if (unsettled.length === 0) this.#settled = topics;
    return unsettled;
  }

  #set(topic: string, known: Known): void {
    this.#known.set(topic, known);
    this.#settled = null;
  }

  /**
   * Looks the topics up in one request.
   * @returns true if anything changed
   * @throws what the wire throws, and then changes nothing
   */
  async look(topics: readonly string[], signal: AbortSignal): Promise<boolean> {
    if (topics.length === 0) return false;
    const how = { lane: "questions", timeoutMs: METADATA_MS, signal } as const;
    const answer = await this.#wire.call(null, "Metadata", { topics }, how);
    let isChanged = false;
    for (const { topic, error, partitions } of answer.topics) {
      const before = this.of(topic);
      const now = this.#judge(before, error, partitions.length);
      if (now.partitions !== before.partitions || now.standing !== before.standing) isChanged = true;
      this.#set(topic, now);
    }
    return isChanged;
  }

  /**
   * Assumes that what members hold exists, until brokers deny it more than once: a new leader knows no topics yet, and
   * may not get an answer at once.
   */
  assume(topic: string, partitions: number): void {
    const known = this.#known.get(topic);
    if (known !== undefined && (known.doubtedMs === null || known.partitions >= partitions)) return;
    this.#set(topic, { partitions, standing: "given", doubtedMs: this.#time.monotonicMs() });
  }

  clear(): void {
    this.#known.clear();
    this.#settled = null;
  }

  /** Forgets all other topics. */
  keep(topics: ReadonlySet<string>): void {
    for (const topic of this.#known.keys()) if (!topics.has(topic)) this.#known.delete(topic);
    this.#settled = null;
  }

  #judge(before: Known, error: string | null, partitions: number): Known {
    if (partitions > 0 && (error === null || error === "LEADER_NOT_AVAILABLE"))
      return { partitions, standing: "given", doubtedMs: null };
    const isRunning = before.standing === "given";
    if (error === "UNKNOWN_TOPIC_OR_PARTITION" || error === "INVALID_TOPIC_EXCEPTION") {
      // A broker that just started may not know the topic yet, so one answer does not stop a running topic.
      const nowMs = this.#time.monotonicMs();
      const doubtedMs = before.doubtedMs ?? nowMs;
      if (isRunning && nowMs - doubtedMs < LOOK_AGAIN_MS) return { ...before, doubtedMs };
      return { partitions: 0, standing: "missing", doubtedMs: null };
    }
    // Any other error says nothing about the topic, so the known state stays.
    if (isRunning) return before;
    return { ...UNKNOWN, standing: error === "TOPIC_AUTHORIZATION_FAILED" ? "forbidden" : "unknown" };
  }
}
