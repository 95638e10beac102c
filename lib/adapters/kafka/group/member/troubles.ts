import { describeCommitRefusal, describeStanding } from "../../../../rules/group/answers.ts";
import type { Assignment } from "../../../../rules/group/protocol/assignment.ts";
import { messageOf, PenstockError } from "../../../../rules/base/errors.ts";
import type { Time } from "../../../../rules/base/time.ts";
import type { GroupTrouble } from "./member.ts";
import { TROUBLE_AFTER_MS } from "./timing.ts";

/** What currently blocks the member or single topics. A trouble keeps its start time while its text stays the same. */
export class Troubles {
  readonly #groupId: string;
  readonly #time: Time;
  readonly #onChange: () => void;
  readonly #goesOn: () => boolean;
  #ofMember: GroupTrouble | null = null;
  #failing: { readonly sinceMs: number; readonly monotonicMs: number } | null = null;
  #ofTopics: ReadonlyMap<string, GroupTrouble> = new Map();
  #standings = new Map<string, GroupTrouble>();
  #commits = new Map<string, GroupTrouble>();

  /** @param goesOn returns whether owned partitions keep running without the coordinator, as during a failover */
  constructor(groupId: string, time: Time, onChange: () => void, goesOn: () => boolean) {
    this.#goesOn = goesOn;
    this.#groupId = groupId;
    this.#time = time;
    this.#onChange = onChange;
  }

  get ofMember(): GroupTrouble | null {
    return this.#ofMember;
  }

  get ofTopics(): ReadonlyMap<string, GroupTrouble> {
    return this.#ofTopics;
  }

  /** Reports at once what a person has to fix, and anything else only if it lasts. */
  failed(error: unknown): void {
    const nowMs = this.#time.monotonicMs();
    this.#failing ??= { sinceMs: this.#time.now(), monotonicMs: nowMs };
    const code =
      error instanceof PenstockError && error.code === "kafka_refused"
        ? "kafka_refused"
        : "kafka_unavailable";
    const mayPass = nowMs - this.#failing.monotonicMs < TROUBLE_AFTER_MS || this.#goesOn();
    if (code === "kafka_unavailable" && mayPass) return;
    const message = messageOf(error);
    if (this.#ofMember?.message === message && this.#ofMember.code === code) return;
    this.#ofMember = { code, message, sinceMs: this.#failing.sinceMs };
    this.#onChange();
  }

  well(): void {
    this.#failing = null;
    if (this.#ofMember === null) return;
    this.#ofMember = null;
    this.#onChange();
  }

  /** Does not call `onChange`; the caller does. @param topics in the order in which they were sent to the leader */
  assigned(topics: readonly string[], assignment: Pick<Assignment, "topics" | "room">): void {
    const standings = new Map<string, GroupTrouble>();
    for (const [at, topic] of topics.entries()) {
      const standing = assignment.topics[at]?.standing ?? "unknown";
      if (standing === "given") continue;
      const code = standing === "unknown" ? "kafka_unavailable" : "kafka_refused";
      const message = describeStanding(standing, this.#groupId, assignment.room);
      standings.set(topic, this.#trouble(this.#standings.get(topic), code, message));
    }
    this.#standings = standings;
    const wanted = new Set(topics);
    for (const topic of this.#commits.keys()) if (!wanted.has(topic)) this.#commits.delete(topic);
    this.#join();
  }

  /**
   * Records the answers to commits or offset requests, all at once: thousands of topics may be forbidden together.
   * @param answers Kafka's error name of each partition, or null
   */
  committed(answers: Iterable<{ readonly topic: string; readonly error: string | null }>): void {
    const errors = new Map<string, string | null>();
    for (const { topic, error } of answers) errors.set(topic, errors.get(topic) ?? error);
    let isChanged = false;
    for (const [topic, error] of errors) {
      const before = this.#commits.get(topic);
      if (error === null) {
        if (this.#commits.delete(topic)) isChanged = true;
        continue;
      }
      const trouble = this.#trouble(before, "kafka_refused", describeCommitRefusal(error, this.#groupId));
      if (trouble === before) continue;
      this.#commits.set(topic, trouble);
      isChanged = true;
    }
    if (!isChanged) return;
    this.#join();
    this.#onChange();
  }

  #join(): void {
    this.#ofTopics = new Map([...this.#commits, ...this.#standings]);
  }

  #trouble(before: GroupTrouble | undefined, code: GroupTrouble["code"], message: string): GroupTrouble {
    return before?.message === message && before.code === code
      ? before
      : { code, message, sinceMs: this.#time.now() };
  }
}
