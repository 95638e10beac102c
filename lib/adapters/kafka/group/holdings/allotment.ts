import type { Assignment } from "../../../../rules/group/protocol/assignment.ts";
import { Holdings } from "./holdings.ts";
import type { GroupMemberOptions } from "../member/member.ts";
import { Releases } from "./releases.ts";
import type { Tenure } from "../member/tenure.ts";
import { isTold, NOTHING_TOLD, type Told, toldBy } from "./told.ts";

/** What this member wants of the group, and what the group gave it. */
export class Allotment {
  readonly holdings = new Holdings();
  readonly #options: GroupMemberOptions;
  readonly #releases: Releases;
  #wanted: ReadonlySet<string> = new Set();
  #told: Told = NOTHING_TOLD;

  /** @param onReleased told when what was given up is finished, and so anybody else's */
  constructor(options: GroupMemberOptions, onReleased: () => void) {
    this.#options = options;
    this.#releases = new Releases(options, this.holdings, onReleased);
  }

  get wanted(): ReadonlySet<string> {
    return this.#wanted;
  }

  get told(): Told {
    return this.#told;
  }

  /** Nothing is wanted or held. */
  get isIdle(): boolean {
    return this.#wanted.size === 0 && this.holdings.isEmpty;
  }

  /** The group knows what is wanted. */
  get isTold(): boolean {
    return isTold(this.#told, this.#wanted, this.holdings);
  }

  want(topics: ReadonlySet<string>): void {
    this.#wanted = topics;
    this.#releases.start(({ topic }) => topics.has(topic));
  }

  /** What the leader tells, to be taken next. @param asked in the order in which it was told */
  hear(assignment: Assignment, asked: readonly string[], generation: number): void {
    this.#told = toldBy(assignment, asked, generation);
  }

  /** Takes what is given, and gives up what is not given any more. */
  take({ partitions: given }: Assignment): void {
    const { listener, logger } = this.#options;
    // What is not wanted any more by now is told with the next join.
    const own = new Map([...given].filter(([topic]) => this.#wanted.has(topic)));
    const kept = new Map([...own].map(([topic, partitions]) => [topic, new Set(partitions)]));
    const taken = this.holdings.take(own);
    if (taken.length > 0) listener.onAssigned(taken);
    const givenUp = this.#releases.start(({ topic, partition }) => kept.get(topic)?.has(partition) === true);
    const figures = { generation: this.#told.generation, topicCount: this.#told.named.size, givenUp };
    if (taken.length + givenUp > 0)
      logger.info("the group shared its partitions out", { ...figures, taken: taken.length });
    listener.onChange();
  }

  /** All of it is void. @returns what was held */
  forget(): Tenure[] {
    this.#told = NOTHING_TOLD;
    return this.holdings.endAll();
  }
}
