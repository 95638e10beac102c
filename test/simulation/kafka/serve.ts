import type { KafkaApi, KafkaCalls, KafkaError, OfTopic } from "../../../lib/adapters/kafka/protocol/wire.ts";
import type { Serve, SimulatedBroker, BrokerProcess } from "./broker.ts";
import { answerOf, isDue, readAll, type ReadablePartition } from "./fetch.ts";
import type { AnsweredPartition, AskedPartition } from "./fetch-session.ts";
import { coordinatorIn, partitionIn, type ClusterImage, type PartitionImage } from "./image.ts";
import type { Replicas } from "./replicas.ts";

/** A broker's questions to the cluster. */
export interface ServeSurroundings {
  /** By the topic's id: a broker that has not learned of its deletion still serves it. */
  replicas(topicId: number, partition: number): Replicas | undefined;
  readonly rackOf: (nodeId: number) => string;
  /** Whether consumers are sent to a replica in their rack (`replica.selector.class`). */
  readonly rackAware: boolean;
}

type Handlers = {
  readonly [A in KafkaApi]: (
    request: KafkaCalls[A]["request"],
    respond: (answer: KafkaCalls[A]["answer"]) => void,
  ) => void;
};

/** How a broker with that process answers. */
export function createServe(broker: SimulatedBroker, own: BrokerProcess, cluster: ServeSurroundings): Serve {
  const { nodeId } = broker;
  const imageNow = (): ClusterImage => own.image ?? EMPTY_IMAGE;

  const find = (
    { topic, partition, fetchOffset }: AskedPartition,
    rack: string,
  ): KafkaError | ReadablePartition => {
    const image = imageNow();
    const known = partitionIn(image, topic, partition);
    const replicas = cluster.replicas(image.topics.get(topic)?.id ?? -1, partition);
    if (known === undefined || replicas === undefined) return "UNKNOWN_TOPIC_OR_PARTITION";
    if (!known.replicas.includes(nodeId)) return "NOT_LEADER_FOR_PARTITION";
    const leads = known.leader === nodeId;
    const preferredReadReplica =
      leads && cluster.rackAware
        ? preferredFor(image, known, rack, (id) => replicas.highWatermark(id) >= fetchOffset)
        : -1;
    return { replicas, leads, preferredReadReplica };
  };

  /** The replica in the client's rack, if it is another broker and has the requested offset. */
  const preferredFor = (
    image: ClusterImage,
    { replicas }: PartitionImage,
    rack: string,
    has: (nodeId: number) => boolean,
  ): number => {
    if (rack === "" || cluster.rackOf(nodeId) === rack) return -1;
    return replicas.find((id) => cluster.rackOf(id) === rack && image.alive.has(id) && has(id)) ?? -1;
  };

  const handlers: Handlers = {
    Metadata({ topics }, respond) {
      const image = imageNow();
      respond({
        brokers: [...image.alive].map((id) => ({
          nodeId: id,
          host: `broker-${id}`,
          port: 9092,
          rack: cluster.rackOf(id),
        })),
        topics: (topics ?? [...image.topics.keys()]).map((topic) => {
          const partitions = image.topics.get(topic)?.partitions;
          return {
            topic,
            error: partitions === undefined ? "UNKNOWN_TOPIC_OR_PARTITION" : null,
            partitions: (partitions ?? []).map(({ leader }, partition) => ({
              partition,
              error: leader === -1 ? "LEADER_NOT_AVAILABLE" : null,
              leader,
            })),
          };
        }),
      });
    },
    FindCoordinator({ groupId }, respond) {
      const found = coordinatorIn(imageNow(), groupId);
      respond({ error: found === -1 ? "GROUP_COORDINATOR_NOT_AVAILABLE" : null, nodeId: found });
    },
    JoinGroup: (request, respond) => own.coordinator.join(request, respond),
    SyncGroup: (request, respond) => own.coordinator.sync(request, respond),
    Heartbeat: (request, respond) => respond({ error: own.coordinator.heartbeat(request) }),
    LeaveGroup: (request, respond) => respond({ error: own.coordinator.leave(request) }),
    // Asked by nobody who is simulated, but for the names of strangers: there are none.
    DescribeGroups: (_request, respond) => respond({ groups: [] }),
    ListGroups: (_request, respond) => respond({ error: null, groups: [] }),
    DescribeConfigs: (_request, respond) => respond({ topics: [] }),
    OffsetCommit: (request, respond) => own.coordinator.commit(request, respond),
    OffsetFetch: (request, respond) => respond(own.coordinator.offsets(request)),
    ListOffsets({ at, topics }, respond) {
      const one = (
        topic: string,
        partition: number,
      ): { readonly error: KafkaError; readonly offset: number } => {
        const found = find({ topic, partition, fetchOffset: 0, maxBytes: 0 }, "");
        if (found === null || typeof found === "string") return { error: found, offset: -1 };
        if (!found.leads) return { error: "NOT_LEADER_FOR_PARTITION", offset: -1 };
        const { replicas } = found;
        // A new leader does not know yet up to where the one before has shown the log (KIP-207).
        if (at !== "earliest" && replicas.highWatermark(nodeId) < replicas.shownUpTo)
          return { error: "OFFSET_NOT_AVAILABLE", offset: -1 };
        if (typeof at === "number") {
          const records = replicas.log.batches.flatMap((batch) => batch.records);
          return { error: null, offset: records.find(({ timestamp }) => timestamp >= at)?.offset ?? -1 };
        }
        const offset = {
          earliest: () => replicas.log.start,
          stable: () => replicas.lastStableOffset(nodeId),
          latest: () => replicas.highWatermark(nodeId),
        }[at]();
        return { error: null, offset };
      };
      respond({ topics: byTopic(topics, (topic, partition) => ({ partition, ...one(topic, partition) })) });
    },
    Fetch(request, respond) {
      const context = own.sessions.context(request);
      const findFor = (asked: AskedPartition): KafkaError | ReadablePartition => find(asked, request.rack);
      // Topics unknown from the start are reported in the answer, without speeding it up.
      const image = imageNow();
      const known = context.asked.filter((one) => partitionIn(image, one.topic, one.partition) !== undefined);
      const unknown = context.asked.filter(
        (one) => partitionIn(image, one.topic, one.partition) === undefined,
      );
      const answer = (partitions: readonly AnsweredPartition[]): void =>
        respond(
          answerOf(context, [
            ...partitions,
            ...readAll(nodeId, request, unknown, () => UNKNOWN_TOPIC).partitions,
          ]),
        );
      const read = readAll(nodeId, request, known, findFor);
      if (request.maxWaitMs <= 0 || known.length === 0 || read.bytes >= request.minBytes || read.urgent)
        return answer(read.partitions);
      const end = (): void => {
        own.polls.delete(poll);
        callOff();
        answer(readAll(nodeId, request, known, findFor).partitions);
      };
      const poll = {
        check(): void {
          if (isDue(nodeId, request, known, findFor)) end();
        },
      };
      const callOff = broker.after(request.maxWaitMs, end);
      own.polls.add(poll);
      poll.check();
    },
  };

  return (api, request, respond) => handlers[api](request, respond);
}

const UNKNOWN_TOPIC = "UNKNOWN_TOPIC_OR_PARTITION";
const EMPTY_IMAGE: ClusterImage = { topics: new Map(), alive: new Set() };

function byTopic<P>(
  topics: readonly OfTopic<number>[],
  map: (topic: string, partition: number) => P,
): readonly OfTopic<P>[] {
  return topics.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map((partition) => map(topic, partition)),
  }));
}
