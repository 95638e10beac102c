import { PenstockError } from "../../../lib/rules/base/errors.ts";
import type { Time } from "../../../lib/rules/base/time.ts";
import type { KafkaApi, KafkaCalls, Lane } from "../../../lib/adapters/kafka/protocol/wire.ts";
import type { Serve, SimulatedBroker } from "./broker.ts";
import type { Network, Way } from "./network.ts";

export interface ConnectionOptions {
  readonly client: string;
  readonly broker: SimulatedBroker;
  readonly lane: Lane;
  readonly time: Time;
  readonly network: Network;
  /** How the broker's current process serves this connection; null if nothing listens. */
  readonly accept: () => Serve | null;
  /** Called before an answer is sent; false breaks the connection instead. */
  readonly mayAnswer: () => boolean;
}

/** Connecting to a broker fails after this time without an answer. */
const FIRST_ANSWER_MS = 3_000;

interface Call {
  readonly fail: (error: unknown) => void;
}

/** One connection of a client to a broker, which serves its requests one after another. */
export class SimulatedConnection {
  readonly #options: ConnectionOptions;
  readonly #there: Way;
  readonly #back: Way;
  readonly #calls = new Set<Call>();
  /** Requests that reached the broker while it served another. */
  readonly #queue: (() => void)[] = [];
  #serving = false;
  #serve: Serve | null = null;
  #opening: PromiseWithResolvers<void> | null = null;
  #isOpen = false;
  #closed: PenstockError | null = null;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { client, broker } = options;
    this.#there = { client, broker, lastMs: 0 };
    this.#back = { client, broker, lastMs: 0 };
  }

  get client(): string {
    return this.#options.client;
  }

  get broker(): SimulatedBroker {
    return this.#options.broker;
  }

  get lane(): Lane {
    return this.#options.lane;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get isClosed(): boolean {
    return this.#closed !== null;
  }

  get underWay(): number {
    return this.#calls.size;
  }

  open(): Promise<void> {
    if (this.#closed !== null) return Promise.reject(this.#closed);
    if (this.#isOpen) return Promise.resolve();
    if (this.#opening !== null) return this.#opening.promise;
    this.#opening = Promise.withResolvers<void>();
    // Rejects all waiting calls.
    this.#opening.promise.catch(() => {});
    const { broker, network, accept, time } = this.#options;
    const callOff = time.after(FIRST_ANSWER_MS, () => this.close("did not answer when it was connected"));
    network.carry(this.#there, () => {
      this.#serve = accept();
      // If no process listens, the machine says so.
      if (this.#serve === null) network.carry(this.#back, () => this.close("refused the connection"));
      else
        broker.awake(() =>
          network.carry(this.#back, () => {
            callOff();
            if (this.#closed !== null) return;
            this.#isOpen = true;
            this.#opening?.resolve();
          }),
        );
    });
    return this.#opening.promise.finally(callOff);
  }

  /** Needs an open connection. @param limitMs without an answer by then the connection is closed */
  ask<A extends KafkaApi>(
    api: A,
    request: KafkaCalls[A]["request"],
    limitMs: number,
  ): Promise<KafkaCalls[A]["answer"]> {
    if (this.#closed !== null) return Promise.reject(this.#closed);
    const { broker, network, time } = this.#options;
    const settled = Promise.withResolvers<KafkaCalls[A]["answer"]>();
    const call: Call = { fail: settled.reject };
    this.#calls.add(call);
    const callOff = time.after(limitMs, () => this.close(`did not answer to ${api} within ${limitMs} ms`));
    const deliver = (answer: KafkaCalls[A]["answer"]): void => {
      if (this.#calls.delete(call)) settled.resolve(answer);
    };
    const serve = (): void => {
      this.#serve?.(api, request, (answer) => {
        this.#answered();
        if (this.#closed === null) network.carry(this.#back, () => deliver(answer));
      });
    };
    // Earlier requests are served even if the client has closed the connection.
    network.carry(this.#there, () => broker.awake(() => this.#take(serve)));
    return settled.promise.finally(callOff);
  }

  /** Closes at once; calls in progress fail. */
  close(reason: string): void {
    if (this.#closed !== null) return;
    this.#closed = new PenstockError("kafka_unavailable", `broker ${this.broker.nodeId} ${reason}`, {
      retryable: true,
    });
    this.#isOpen = false;
    this.#opening?.reject(this.#closed);
    for (const call of this.#calls) call.fail(this.#closed);
    this.#calls.clear();
  }

  /** The broker's end is closed, and its machine says so, unless the network is cut. */
  breakOff(reason: string): void {
    this.#queue.length = 0;
    this.#serve = null;
    this.#options.network.carry(this.#back, () => this.close(reason));
  }

  #take(serve: () => void): void {
    if (this.#serving) this.#queue.push(serve);
    else {
      this.#serving = true;
      serve();
    }
  }

  #answered(): void {
    if (this.#closed === null && !this.#options.mayAnswer()) this.breakOff("closed the connection");
    const next = this.#queue.shift();
    if (next === undefined) this.#serving = false;
    else next();
  }
}
