import type { SimulatedHost } from "../host.ts";
import type { Scene } from "../scene.ts";
import { type FaultKind, type Inflicted, running, spread } from "./fault.ts";

/** Faults of hosts and of their connections to Kafka. */
export const hostFaults: readonly FaultKind[] = [
  {
    kind: "host killed",
    weight: 4,
    calm: false,
    inflict: (scene) =>
      withHost(scene, (host) => {
        scene.killHost(host);
        startLater(scene);
        return { to: host.name };
      }),
  },
  {
    kind: "host stopped",
    weight: 4,
    calm: true,
    inflict: (scene) =>
      withHost(scene, (host) => {
        host.stop();
        startLater(scene);
        return { to: host.name };
      }),
  },
  {
    kind: "host started",
    weight: 2,
    calm: true,
    inflict: (scene) => (running(scene).length >= 3 ? null : { to: scene.startHost().name }),
  },
  {
    kind: "host frozen",
    weight: 5,
    calm: false,
    inflict: (scene) =>
      withHost(scene, (host) => {
        host.process.freeze();
        const end = (): void => host.process.thaw();
        scene.later(spread(scene, 100, scene.dice.below(2) === 0 ? 2_000 : 14_000), end);
        return { to: host.name, end };
      }),
  },
  {
    kind: "host's clock set",
    weight: 1,
    calm: true,
    inflict: (scene) =>
      withHost(scene, (host) => {
        const ms = Math.round(spread(scene, -60_000, 120_000));
        host.process.setClock(ms);
        return { to: `${host.name} by ${ms} ms` };
      }),
  },
  {
    kind: "host cut off from Kafka",
    weight: 4,
    calm: false,
    inflict: (scene) =>
      withHost(scene, (host) => {
        const { nodeIds, network } = scene.kafka;
        const brokers = scene.dice.below(2) === 0 ? null : [scene.dice.pick(nodeIds)];
        network.cut(host.name, brokers);
        scene.cutOff.add(host.name);
        const end = (): void => {
          network.mend(host.name);
          scene.cutOff.delete(host.name);
        };
        scene.later(spread(scene, 200, 12_000), end);
        return { to: `${host.name}, ${brokers === null ? "all brokers" : `broker ${brokers[0]}`}`, end };
      }),
  },
  {
    kind: "connections broken",
    weight: 2,
    calm: false,
    inflict: (scene) => {
      const nodeId = scene.dice.pick(scene.kafka.nodeIds);
      scene.kafka.breakConnections(null, nodeId);
      return { to: `broker ${nodeId}` };
    },
  },
  {
    kind: "answers of brokers lost",
    weight: 3,
    calm: false,
    inflict: (scene) => {
      const oneIn = scene.dice.pick([3, 10, 40]);
      scene.kafka.loseAnswerOneIn = oneIn;
      const end = (): void => void (scene.kafka.loseAnswerOneIn = 0);
      scene.later(spread(scene, 300, 4_000), end);
      return { to: `one in ${oneIn}`, end };
    },
  },
  {
    kind: "network slow",
    weight: 2,
    calm: true,
    inflict: (scene) => {
      const { network } = scene.kafka;
      const { delays } = network;
      network.delays = { ...delays, spreadMs: 60, lateOneIn: 10 };
      const end = (): void => void (network.delays = delays);
      scene.later(spread(scene, 300, 3_000), end);
      return { to: "every way", end };
    },
  },
];

function withHost(scene: Scene, inflict: (host: SimulatedHost) => Inflicted): Inflicted {
  const hosts = running(scene).filter(({ process }) => process.state === "running");
  return hosts.length === 0 ? null : inflict(scene.dice.pick(hosts));
}

function startLater(scene: Scene): void {
  scene.later(spread(scene, 50, 6_000), () => {
    if (!scene.closing && running(scene).length < 3) scene.startHost();
  });
}
