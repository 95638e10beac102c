import type { Tenure } from "../../../lib/adapters/kafka/group/member/tenure.ts";
import type { OpenedPartition } from "../../../lib/adapters/kafka/reader/opening.ts";
import type { Reader } from "../../../lib/adapters/kafka/reader/reader.ts";
import type { LookedUpPartition } from "../ledger/partition-entry.ts";
import type { Pump } from "../pump/pump.ts";
import type { ByteShare } from "../shares/byte-budget.ts";
import { Inlet, type InletDeps, type InletTopic } from "./inlet.ts";
import type { SentLookUp } from "./sent-look-up.ts";

/** Reads one topic: the inlets of its owned partitions, and the pump they feed. */
export interface TopicInlets {
  readonly pump: Pump;
  /** To be asked before `own`. */
  readonly lookUp: Pick<SentLookUp, "open">;
  /** Reads these partitions from their positions on and reports what was lost before. Others are not affected. */
  own(partitions: readonly LookedUpPartition[]): void;
  /** Takes these partitions, but reads nothing of them: only their lag is known. Their commits stay as they are. */
  hold(partitions: readonly OpenedPartition[]): void;
  /** Before a handover: fetches no more of them. Resolves once what was sent is committed, or with the signal. */
  settle(tenures: readonly Tenure[], signal: AbortSignal): Promise<void>;
  /** Ends tenures at once. */
  disown(tenures: readonly Tenure[]): void;
  /** Why a partition is not read although it should be; null: all are read. */
  readonly trouble: string | null;
  /** Fetches nothing more and drains the pump. */
  drain(signal: AbortSignal): Promise<boolean>;
  /** Closes the pump, too. */
  close(): void;
}

export interface TopicInletsDeps extends InletDeps {
  readonly reader: Pick<Reader, "open">;
  readonly lookUp: SentLookUp;
  createPump(share: ByteShare): Pump;
}

export function createTopicInlets(deps: TopicInletsDeps): TopicInlets {
  return new Inlets(deps);
}

class Inlets implements TopicInlets, InletTopic {
  readonly deps: TopicInletsDeps;
  readonly share: ByteShare;
  readonly pump: Pump;
  readonly lookUp: TopicInlets["lookUp"];
  readonly #inlets = new Map<number, Inlet>();
  #waiting: Set<Inlet> | null = null;

  constructor(deps: TopicInletsDeps) {
    this.deps = deps;
    this.lookUp = {
      open: (partitions, sink) => {
        for (const { tenure } of partitions) this.pump.expect(tenure);
        deps.lookUp.open(partitions, sink);
      },
    };
    this.share = deps.budget.join(() => this.#onRoom());
    this.pump = deps.createPump(this.share);
  }

  own(partitions: readonly LookedUpPartition[]): void {
    const opened = partitions.map((one) => ({ ...one, source: new Inlet(this, one) }));
    this.pump.own(opened);
    const lost = partitions.flatMap(({ position }) => position.lost ?? []);
    if (lost.length > 0) this.deps.onLost(lost);
    for (const { tenure, position, source } of opened) {
      this.#inlets.get(tenure.partition)?.close();
      this.#inlets.set(tenure.partition, source);
      source.open(this.deps.reader, position.start);
    }
  }

  hold(partitions: readonly OpenedPartition[]): void {
    const opened = partitions.map((one) => {
      const { committed, position } = one;
      const start = committed ?? position.start;
      // What was lost is reported when it is read on.
      const stays = { ...position, start, lost: null };
      return { ...one, position: stays, doubtBelow: start, source: new Inlet(this, one) };
    });
    this.pump.own(opened);
    for (const { tenure, source, logEnd, position } of opened) {
      this.#inlets.get(tenure.partition)?.close();
      this.#inlets.set(tenure.partition, source);
      const { partition } = tenure;
      this.pump.observe({
        partition,
        highWatermark: logEnd,
        lastStableOffset: logEnd,
        logStart: position.start,
      });
    }
  }

  async settle(tenures: readonly Tenure[], signal: AbortSignal): Promise<void> {
    this.#close(tenures);
    await this.pump.settle(tenures, signal);
  }

  disown(tenures: readonly Tenure[]): void {
    this.#close(tenures);
    this.pump.disown(tenures);
  }

  /** Closes the inlets of these tenures, but of no later ones of the same partitions. */
  #close(tenures: readonly Tenure[]): void {
    for (const tenure of tenures) {
      const inlet = this.#inlets.get(tenure.partition);
      if (inlet?.tenure !== tenure) continue;
      inlet.close();
      this.#inlets.delete(tenure.partition);
    }
  }

  #closeAll(): void {
    for (const inlet of this.#inlets.values()) inlet.close();
    this.#inlets.clear();
  }

  get trouble(): string | null {
    for (const { trouble } of this.#inlets.values()) if (trouble !== null) return trouble;
    return null;
  }

  drain(signal: AbortSignal): Promise<boolean> {
    this.#closeAll();
    return this.pump.drain(signal);
  }

  close(): void {
    this.#closeAll();
    this.deps.lookUp.close();
    this.pump.close();
  }

  wait(inlet: Inlet): void {
    this.#waiting ??= new Set();
    this.#waiting.add(inlet);
    this.share.wait();
  }

  #onRoom(): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    for (const inlet of waiting ?? []) inlet.lookAgain();
  }
}
