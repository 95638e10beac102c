import type { KafkaCalls, Lane } from "../../../lib/adapters/kafka/protocol/wire.ts";
import { SimulatedBroker, type BrokerProcess, type Serve } from "./broker.ts";
import { SimulatedConnection } from "./connection.ts";
import { createController } from "./controller.ts";
import { Coordinator } from "./coordinator.ts";
import type { StoredGroup } from "./group-store.ts";
import { coordinatorIn, OFFSETS_TOPIC, offsetsPartitionOf, partitionIn, type ClusterImage } from "./image.ts";
import { createNetwork } from "./network.ts";
import { createServe } from "./serve.ts";
import type { ServedCall, SimulatedKafka, SimulatedKafkaOptions } from "./simulated-kafka.ts";
import { createTopics, type SimulatedTopics } from "./topics.ts";
import { createSimulatedWire } from "./wire.ts";

export type {
  ControlCall,
  ControlledCall,
  ServedCall,
  SimulatedKafka,
  SimulatedKafkaOptions,
} from "./simulated-kafka.ts";

/** The longest time in which a broker or leader notices, loads or learns. */
const FENCED_AFTER_MS = { least: 500, spread: 6_000 } as const;
const FROZEN_FENCED_AFTER_MS = 9_000;
const STARTED_AFTER_MS = { least: 100, spread: 2_000 } as const;
const TOLD_AFTER_MS = { least: 1, spread: 40, lateOneIn: 20, late: 1_500 } as const;
const WRITTEN_AFTER_MS = { least: 0.2, spread: 2 } as const;

export function createSimulatedKafka(options: SimulatedKafkaOptions): SimulatedKafka {
  const { time, random } = options;
  const note = options.note ?? ((): void => {});
  const network = createNetwork(time, random);
  const store = new Map<string, StoredGroup>();
  const connections = new Set<SimulatedConnection>();
  const nodeIds = Array.from({ length: options.brokers ?? 3 }, (_, nodeId) => nodeId);
  const rackOf = (nodeId: number): string => `rack-${nodeId}`;
  const within = ({ least, spread }: { readonly least: number; readonly spread: number }): number =>
    least + random.next() * spread;

  const coordinatorFor = (broker: SimulatedBroker): Coordinator =>
    new Coordinator(broker.nodeId, {
      random,
      after: (ms, act) => broker.after(ms, act),
      store,
      write(offsetsPartition, change, written) {
        broker.after(within(WRITTEN_AFTER_MS), () => {
          const stands =
            partitionIn(controller.image, OFFSETS_TOPIC, offsetsPartition)?.leader === broker.nodeId;
          if (stands) change();
          written(stands);
        });
      },
      initialDelayMs: options.initialRebalanceDelayMs ?? 3_000,
      maxRecordBytes: options.maxGroupRecordBytes ?? 1_048_576,
      tell: (line) => note("kafka", line),
    });

  const brokers = nodeIds.map(
    (nodeId) =>
      new SimulatedBroker({
        nodeId,
        rack: rackOf(nodeId),
        time,
        random,
        sessionSlots: options.fetchSessionSlots ?? 1_000,
        coordinatorOf: coordinatorFor,
      }),
  );

  const poke = (nodeId: number): void => {
    const broker = brokers[nodeId];
    if (broker === undefined || (broker.process?.polls.size ?? 0) === 0) return;
    broker.awake(() => {
      for (const poll of broker.process?.polls ?? []) poll.check();
    });
  };

  /** What a broker has learned of it, it knows: never something older afterwards. */
  let version = 0;
  let isBuilt = false;
  const versions = new WeakMap<BrokerProcess, number>();
  const tell = (broker: SimulatedBroker, image: ClusterImage, of: number, afterMs: number): void => {
    time.after(afterMs, () =>
      broker.awake(() => {
        const own = broker.process;
        if (own === null || (versions.get(own) ?? -1) >= of) return;
        versions.set(own, of);
        own.image = image;
        own.coordinator.apply(image);
        poke(broker.nodeId);
      }),
    );
  };
  const publish = (image: ClusterImage): void => {
    version += 1;
    for (const broker of brokers) {
      const late = random.below(TOLD_AFTER_MS.lateOneIn) === 0 ? random.next() * TOLD_AFTER_MS.late : 0;
      tell(broker, image, version, within(TOLD_AFTER_MS) + late);
    }
    topics.replicateAll();
  };

  const topics: SimulatedTopics & { replicateAll(): void } = createTopics({
    time,
    random,
    controller: () => controller,
    works: (nodeId) => brokers[nodeId]?.works === true,
    poke,
  });
  for (const broker of brokers) broker.start();
  const controller = createController({
    random,
    nodeIds,
    offsetsPartitions: options.offsetsPartitions ?? 3,
    publish: (image) => {
      if (isBuilt) publish(image);
    },
  });
  isBuilt = true;
  // An established cluster.
  for (const { process } of brokers) {
    if (process === null) continue;
    process.image = controller.image;
    process.coordinator.apply(controller.image, true);
  }

  const serveOf = (broker: SimulatedBroker, client: string, lane: Lane): Serve | null => {
    const own = broker.process;
    if (own === null) return null;
    const { nodeId } = broker;
    const serve = createServe(broker, own, {
      replicas: (topicId, partition) => topics.replicasOf(topicId, partition),
      rackOf,
      rackAware: options.rackAware === true,
    });
    return (api, request, respond) => {
      const answer = kafka.control?.({ client, nodeId, api, request });
      const seen = (answer: KafkaCalls[typeof api]["answer"]): void => {
        options.observe?.({ client, nodeId, lane, api, request, answer } as ServedCall);
        respond(answer);
      };
      if (answer === undefined) serve(api, request, seen);
      else seen(answer);
    };
  };

  const connect = (client: string, nodeId: number, lane: Lane): SimulatedConnection | null => {
    const broker = brokers[nodeId];
    if (broker === undefined) return null;
    for (const one of connections) if (one.isClosed) connections.delete(one);
    const connection = new SimulatedConnection({
      client,
      broker,
      lane,
      time,
      network,
      accept: () => serveOf(broker, client, lane),
      mayAnswer: () => kafka.loseAnswerOneIn === 0 || random.below(kafka.loseAnswerOneIn) > 0,
    });
    connections.add(connection);
    return connection;
  };

  const gone = (broker: SimulatedBroker): void => {
    broker.kill();
    for (const connection of connections)
      if (connection.broker === broker) connection.breakOff("closed the connection");
  };

  const kafka: SimulatedKafka = {
    ...topics,
    nodeIds,
    controller,
    network,
    control: null,
    loseAnswerOneIn: 0,
    openWire: (client) =>
      createSimulatedWire({
        time,
        random,
        nodeIds,
        connect: (nodeId, lane) => connect(client, nodeId, lane),
        onClosed: () => {},
      }),
    disconnect(client) {
      for (const connection of connections)
        if (connection.client === client) connection.close("lost its client");
    },
    breakConnections(client, nodeId) {
      for (const connection of connections)
        if (
          (client ?? connection.client) === connection.client &&
          (nodeId ?? connection.broker.nodeId) === connection.broker.nodeId
        )
          connection.breakOff("broke the connection");
    },
    kill(nodeId) {
      const broker = brokers[nodeId];
      if (broker?.process === null || broker === undefined) return;
      note("kafka", `broker ${nodeId} is killed`);
      gone(broker);
      time.after(within(FENCED_AFTER_MS), () => {
        if (broker.process === null) controller.fence(nodeId);
      });
    },
    stop(nodeId) {
      const broker = brokers[nodeId];
      if (broker?.process === null || broker === undefined) return;
      note("kafka", `broker ${nodeId} stops`);
      controller.fence(nodeId);
      const own = broker.process;
      time.after(within(STARTED_AFTER_MS), () => {
        if (broker.process === own) gone(broker);
      });
    },
    start(nodeId) {
      const broker = brokers[nodeId];
      if (broker === undefined || broker.process !== null) return;
      note("kafka", `broker ${nodeId} starts`);
      broker.start();
      tell(broker, controller.image, version, within(TOLD_AFTER_MS));
      const own = broker.process;
      time.after(within(STARTED_AFTER_MS), () => {
        // Killed before anybody noticed, it led on in name: it is taken for gone first.
        controller.fence(nodeId);
        if (broker.process === own) controller.unfence(nodeId);
      });
    },
    freeze(nodeId, forMs) {
      const broker = brokers[nodeId];
      if (broker?.works !== true) return;
      note("kafka", `broker ${nodeId} is frozen for ${Math.round(forMs)} ms`);
      const own = broker.process;
      broker.freeze();
      const stillFrozen = (): boolean => broker.process === own && broker.frozen;
      time.after(FROZEN_FENCED_AFTER_MS, () => {
        if (stillFrozen()) controller.fence(nodeId);
      });
      time.after(forMs, () => {
        if (stillFrozen()) thaw(broker);
      });
    },
    isUp: (nodeId) => brokers[nodeId]?.works === true,
    evictFetchSessions: (nodeId) => brokers[nodeId]?.process?.sessions.evictAll(),
    moveCoordinator(groupId, to) {
      const { length } = controller.image.topics.get(OFFSETS_TOPIC)?.partitions ?? [];
      return controller.moveLeader(OFFSETS_TOPIC, offsetsPartitionOf(groupId, length), to);
    },
    coordinatorOf: (groupId) => coordinatorIn(controller.image, groupId),
    group: (groupId) =>
      brokers[coordinatorIn(controller.image, groupId)]?.process?.coordinator.groupOf(groupId) ?? null,
    committed: (groupId, topic, partition) => store.get(groupId)?.offsets.get(topic)?.get(partition) ?? null,
    heal() {
      kafka.control = null;
      kafka.loseAnswerOneIn = 0;
      for (const client of new Set([...connections].map(({ client }) => client))) network.mend(client);
      for (const broker of brokers) {
        if (broker.frozen) thaw(broker);
        kafka.start(broker.nodeId);
      }
    },
  };

  const thaw = (broker: SimulatedBroker): void => {
    note("kafka", `broker ${broker.nodeId} goes on`);
    broker.thaw();
    topics.replicateAll();
    if (!controller.image.alive.has(broker.nodeId))
      time.after(within(STARTED_AFTER_MS), () => {
        if (broker.works) controller.unfence(broker.nodeId);
      });
  };
  return kafka;
}
