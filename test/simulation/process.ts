import type { SentRecords } from "../../lib/adapters/elasticsearch/sent/sent-records.ts";
import type { KafkaWire } from "../../lib/adapters/kafka/protocol/wire.ts";
import type { Time } from "../../lib/rules/base/time.ts";
import type { Bulk } from "./elasticsearch.ts";

/**
 * One host's process: its clock, its timers and the answers that reach it. Frozen, it gets nothing until it continues,
 * and then everything at once; killed, it never gets anything again, so it does nothing more.
 */
export interface SimulatedProcess {
  readonly time: Time;
  readonly state: "running" | "frozen" | "killed";
  /** Of timers that are set and neither due nor called off. */
  readonly timers: number;
  /** The stacks where pending timers were set, only if tracing is on. */
  timersSetAt(): readonly string[];
  /** A wire whose answers reach this process. */
  wire(wire: KafkaWire): KafkaWire;
  /** A function whose answers reach this process. */
  bulk(bulk: Bulk): Bulk;
  /** The same for the look-ups of earlier requests. */
  sent(sent: SentRecords): SentRecords;
  /** An answer as it reaches this process. */
  reach<T>(answer: Promise<T>): Promise<T>;
  freeze(): void;
  thaw(): void;
  kill(): void;
  /** Sets its wall clock forward or back. */
  setClock(byMs: number): void;
}

export interface ProcessOptions {
  readonly time: Time;
  /** Slows it down: stacks are taken. */
  readonly rememberTimers?: boolean;
}

export function createSimulatedProcess({
  time: world,
  rememberTimers = false,
}: ProcessOptions): SimulatedProcess {
  let state: SimulatedProcess["state"] = "running";
  let clockMs = 0;
  /** What came due, or arrived, while it was frozen, in its order. */
  let held: (() => void)[] = [];
  const set = new Map<object, string>();

  const deliver = (act: () => void): void => {
    if (state === "running") act();
    else if (state === "frozen") held.push(act);
  };

  const time: Time = {
    now: () => world.now() + clockMs,
    monotonicMs: () => world.monotonicMs(),
    random: () => world.random(),
    after(ms, act) {
      const entry = {};
      set.set(entry, rememberTimers ? (new Error("set").stack ?? "") : "");
      const callOff = world.after(ms, () =>
        deliver(() => {
          // Cancelled by an earlier held event.
          if (set.delete(entry)) act();
        }),
      );
      return () => {
        set.delete(entry);
        callOff();
      };
    },
  };

  const reach = <T>(answer: Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      answer.then(
        (value) => deliver(() => resolve(value)),
        (error: unknown) => deliver(() => reject(error instanceof Error ? error : new Error(String(error)))),
      );
    });

  return {
    time,
    get state() {
      return state;
    },
    get timers() {
      return set.size;
    },
    timersSetAt: () => [...set.values()],
    wire: (wire) => ({
      call: (to, api, request, how) => reach(wire.call(to, api, request, how)),
      cut: (to, lane) => wire.cut(to, lane),
      knows: (to, api, version) => reach(wire.knows(to, api, version)),
      close: () => reach(wire.close()),
    }),
    bulk: (bulk) => (body, how) => reach(bulk(body, how)),
    sent: (sent) => ({
      targets: (...question) => reach(sent.targets(...question)),
      takeNames: (...question) => reach(sent.takeNames(...question)),
      underWay: (...question) => reach(sent.underWay(...question)),
      refresh: (...question) => reach(sent.refresh(...question)),
      highest: (...question) => reach(sent.highest(...question)),
      existing: (...question) => reach(sent.existing(...question)),
    }),
    reach,
    freeze() {
      if (state === "running") state = "frozen";
    },
    thaw() {
      if (state !== "frozen") return;
      state = "running";
      const due = held;
      held = [];
      for (const act of due) act();
    },
    kill() {
      state = "killed";
      held = [];
    },
    setClock(byMs) {
      clockMs += byMs;
    },
  };
}
