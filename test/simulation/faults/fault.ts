import type { SimulatedHost } from "../host.ts";
import type { Scene } from "../scene.ts";

/** Something that was done to a scene. */
export interface Fault {
  /** As it is counted. */
  readonly kind: string;
  /** Who or what it was done to. */
  readonly to: string;
  /** Ends it; absent: it ends by itself, or never. */
  readonly end?: () => void;
}

export type Inflicted = Omit<Fault, "kind"> | null;

export interface FaultKind {
  readonly kind: string;
  readonly weight: number;
  /** True: because of it no document is sent twice. */
  readonly calm: boolean;
  /** @returns null: there is nothing at the moment that it could be done to */
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
