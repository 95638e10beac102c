import { GROUP, type Scene } from "../scene.ts";
import { type FaultKind, type Inflicted, spread, withPartition } from "./fault.ts";

/** Faults of brokers and of their roles. */
export const brokerFaults: readonly FaultKind[] = [
  {
    kind: "broker killed",
    weight: 4,
    calm: false,
    inflict: (scene) => downFor(scene, (nodeId) => scene.kafka.kill(nodeId)),
  },
  {
    kind: "broker stopped",
    weight: 2,
    calm: false,
    inflict: (scene) => downFor(scene, (nodeId) => scene.kafka.stop(nodeId)),
  },
  {
    kind: "broker frozen",
    weight: 3,
    calm: false,
    inflict(scene) {
      const nodeId = scene.dice.pick(scene.kafka.nodeIds);
      if (!allUp(scene)) return null;
      scene.kafka.freeze(nodeId, spread(scene, 200, scene.dice.below(2) === 0 ? 2_000 : 12_000));
      return { to: `broker ${nodeId}` };
    },
  },
  {
    kind: "leader moved",
    weight: 5,
    calm: true,
    inflict: (scene) =>
      withPartition(scene, (topic, partition) => {
        const to = scene.dice.pick(scene.kafka.nodeIds);
        scene.kafka.controller.moveLeader(topic, partition, to);
        return { to: `${topic}:${partition} to broker ${to}` };
      }),
  },
  {
    kind: "coordinator moved",
    weight: 3,
    calm: false,
    inflict(scene) {
      const to = scene.dice.pick(scene.kafka.nodeIds);
      scene.kafka.moveCoordinator(GROUP, to);
      return { to: `to broker ${to}` };
    },
  },
  {
    kind: "fetch sessions evicted",
    weight: 3,
    calm: true,
    inflict(scene) {
      const nodeId = scene.dice.pick(scene.kafka.nodeIds);
      scene.kafka.evictFetchSessions(nodeId);
      return { to: `broker ${nodeId}` };
    },
  },
];

/** Two of three must stay up: one alone could write nothing. */
function downFor(scene: Scene, down: (nodeId: number) => void): Inflicted {
  if (!allUp(scene)) return null;
  const nodeId = scene.dice.pick(scene.kafka.nodeIds);
  down(nodeId);
  const end = (): void => scene.kafka.start(nodeId);
  scene.later(spread(scene, 1_000, 9_000), end);
  return { to: `broker ${nodeId}`, end };
}

function allUp({ kafka }: Scene): boolean {
  return kafka.nodeIds.every((nodeId) => kafka.isUp(nodeId) && kafka.controller.image.alive.has(nodeId));
}
