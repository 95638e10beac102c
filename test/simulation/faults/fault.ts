import type { SimulatedHost } from "../host.ts";
import type { Scene } from "../scene.ts";

/** A fault inflicted on a scene. */
export interface Fault {
  /** The name it is counted under. */
  readonly kind: string;
  /** Its target. */
  readonly to: string;
  /** Ends it; absent if it ends by itself, or never. */
  readonly end?: () => void;
}

export type Inflicted = Omit<Fault, "kind"> | null;

export interface FaultKind {
  readonly kind: string;
  readonly weight: number;
  /** True if it makes no document be sent twice. */
  readonly calm: boolean;
  /** @returns null if it has no target at the moment */
  readonly inflict: (scene: Scene) => Inflicted;
}

export function running({ hosts }: Scene): SimulatedHost[] {
  return [...hosts].filter(({ stopped, stopping }) => stopped === null && !stopping);
}

export function withPartition(
  scene: Scene,
  inflict: (topic: string, partition: number) => Inflicted,
): Inflicted {
  const topics = [...scene.kafka.topics()];
  if (topics.length === 0) return null;
  const topic = scene.dice.pick(topics);
  return inflict(topic, scene.dice.below(Math.max(1, scene.kafka.partitionsOf(topic))));
}

export function spread({ dice }: Scene, least: number, more: number): number {
  return least + dice.next() * more;
}
