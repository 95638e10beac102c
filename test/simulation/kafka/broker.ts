import type { SeededRandom } from "../../../infra/bench/kit/random.ts";
import type { KafkaApi, KafkaCalls } from "../../../lib/adapters/kafka/protocol/wire.ts";
import type { Time } from "../../../lib/rules/base/time.ts";
import type { Coordinator } from "./coordinator.ts";
import { createFetchSessions, type FetchSessions } from "./fetch-sessions.ts";
import type { ClusterImage } from "./image.ts";

/** Takes one request of a connection; the answer comes at once or much later. */
export type Serve = <A extends KafkaApi>(
  api: A,
  request: KafkaCalls[A]["request"],
  respond: (answer: KafkaCalls[A]["answer"]) => void,
) => void;

/** A broker's process: its memory ends with it. */
export interface BrokerProcess {
  readonly coordinator: Coordinator;
  readonly sessions: FetchSessions;
  /** The cluster image it has learned; null if none yet. */
  image: ClusterImage | null;
  /** Waiting long polls. */
  readonly polls: Set<{ readonly check: () => void }>;
}

export interface BrokerOptions {
  readonly nodeId: number;
  readonly rack: string;
  readonly time: Time;
  readonly random: SeededRandom;
  readonly sessionSlots: number;
  readonly coordinatorOf: (broker: SimulatedBroker) => Coordinator;
}

/** One broker's machine: its process runs, is frozen, or is dead. */
export class SimulatedBroker {
  readonly nodeId: number;
  readonly rack: string;
  readonly #options: BrokerOptions;
  #process: BrokerProcess | null = null;
  #frozen: (() => void)[] | null = null;

  constructor(options: BrokerOptions) {
    this.nodeId = options.nodeId;
    this.rack = options.rack;
    this.#options = options;
  }

  /** Null if it is down. */
  get process(): BrokerProcess | null {
    return this.#process;
  }

  get frozen(): boolean {
    return this.#frozen !== null;
  }

  /** Whether it is running and not frozen. */
  get works(): boolean {
    return this.#process !== null && this.#frozen === null;
  }

  start(): void {
    if (this.#process !== null) return;
    const { random, sessionSlots, time, coordinatorOf } = this.#options;
    this.#process = {
      coordinator: coordinatorOf(this),
      sessions: createFetchSessions(random, sessionSlots, () => time.monotonicMs()),
      image: null,
      polls: new Set(),
    };
  }

  /** The process dies, with everything unwritten. */
  kill(): void {
    this.#process = null;
    this.#frozen = null;
  }

  /** Does nothing until it is thawed; everything that arrives waits. */
  freeze(): void {
    if (this.#process !== null) this.#frozen ??= [];
  }

  thaw(): void {
    const waiting = this.#frozen ?? [];
    this.#frozen = null;
    for (const act of waiting) this.awake(act);
  }

  /** Does it now, or once thawed; not at all if the current process ends before. */
  awake(act: () => void): void {
    const of = this.#process;
    if (of === null) return;
    if (this.#frozen === null) act();
    else
      this.#frozen.push(() => {
        if (this.#process === of) act();
      });
  }

  /** A timer of its process. */
  after(ms: number, act: () => void): () => void {
    const of = this.#process;
    let calledOff = false;
    const callOff = this.#options.time.after(ms, () => {
      if (this.#process === of)
        this.awake(() => {
          if (!calledOff) act();
        });
    });
    return () => {
      calledOff = true;
      callOff();
    };
  }
}
