import type { SeededRandom } from "../../../infra/bench/random.ts";
import type { KafkaCalls, KafkaError } from "../../../lib/adapters/kafka/wire/wire.ts";
import { SimulatedGroup } from "./group.ts";
import { copyOffsets, type OffsetTable, type StoredGroup } from "./group-store.ts";
import { OFFSETS_TOPIC, offsetsPartitionOf, type ClusterImage } from "./image.ts";

type Commit = KafkaCalls["OffsetCommit"];
type Offsets = KafkaCalls["OffsetFetch"];

/** What a coordinator needs from its broker and the cluster. */
export interface CoordinatorSurroundings {
  readonly random: SeededRandom;
  after(ms: number, act: () => void): () => void;
  /** All groups as they stand in `__consumer_offsets`. */
  readonly store: Map<string, StoredGroup>;
  /** Changes the store, if this broker may still write it by the time it is replicated. */
  write(offsetsPartition: number, change: () => void, written: (stands: boolean) => void): void;
  readonly initialDelayMs: number;
  readonly maxRecordBytes: number;
  tell(line: string): void;
}

/** One partition of `__consumer_offsets` that this broker leads: null while it is loaded. */
type Led = { readonly groups: Map<string, SimulatedGroup>; readonly offsets: Map<string, OffsetTable> } | null;

/** The group coordinator of one broker: for all groups whose partition of `__consumer_offsets` it leads. */
export class Coordinator {
  readonly #nodeId: number;
  readonly #with: CoordinatorSurroundings;
  readonly #led = new Map<number, Led>();
  #image: ClusterImage | null = null;

  constructor(nodeId: number, surroundings: CoordinatorSurroundings) {
    this.#nodeId = nodeId;
    this.#with = surroundings;
  }

  /** @param leads whether this broker leads that partition of `__consumer_offsets` */
  apply(image: ClusterImage): void {
    const before = this.#image;
    this.#image = image;
    for (const [partition, { leader }] of (image.topics.get(OFFSETS_TOPIC)?.partitions ?? []).entries()) {
      if (leader === this.#nodeId && !this.#led.has(partition)) this.#load(partition);
      if (leader !== this.#nodeId) this.#unload(partition);
    }
    if (before === null) return;
    for (const [name, { id }] of before.topics) if (image.topics.get(name)?.id !== id) this.#forget(name);
  }

  join(
    request: KafkaCalls["JoinGroup"]["request"],
    respond: (answer: KafkaCalls["JoinGroup"]["answer"]) => void,
  ): void {
    const group = this.#group(request.groupId);
    if (group instanceof SimulatedGroup) return group.join(request, respond);
    const { memberId } = request;
    respond({ error: group, generation: -1, protocol: "", leader: "", memberId, members: [] });
  }

  sync(
    request: KafkaCalls["SyncGroup"]["request"],
    respond: (answer: KafkaCalls["SyncGroup"]["answer"]) => void,
  ): void {
    const group = this.#group(request.groupId);
    if (group instanceof SimulatedGroup) group.sync(request, respond);
    else respond({ error: group, assignment: new Uint8Array() });
  }

  heartbeat(request: KafkaCalls["Heartbeat"]["request"]): KafkaError {
    const group = this.#group(request.groupId);
    if (group instanceof SimulatedGroup) return group.heartbeat(request);
    // Kafka answers blindly while it does not know better.
    return group === "GROUP_LOAD_IN_PROGRESS" ? null : group;
  }

  leave({ groupId, memberId }: KafkaCalls["LeaveGroup"]["request"]): KafkaError {
    const group = this.#group(groupId);
    return group instanceof SimulatedGroup ? group.leave(memberId) : group;
  }

  commit(request: Commit["request"], respond: (answer: Commit["answer"]) => void): void {
    const { groupId } = request;
    const group = this.#group(groupId);
    const error = group instanceof SimulatedGroup ? group.mayCommit(request) : group;
    const answer = (error: KafkaError): void =>
      respond({
        topics: request.topics.map(({ topic, partitions }) => ({
          topic,
          partitions: partitions.map(({ partition }) => ({
            partition,
            error: this.#image?.topics.get(topic)?.partitions[partition] === undefined ? UNKNOWN_TOPIC : error,
          })),
        })),
      });
    if (error !== null) return answer(error);
    const known = request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.filter(({ partition }) => this.#image?.topics.get(topic)?.partitions[partition]),
    }));
    const change = (offsets: OffsetTable): void => {
      for (const { topic, partitions } of known)
        for (const { partition, offset, metadata } of partitions) {
          const table = offsets.get(topic) ?? new Map<number, { offset: number; metadata: string | null }>();
          offsets.set(topic, table.set(partition, { offset, metadata }));
        }
    };
    this.#write(groupId, change, (stands) => answer(stands ? null : "NOT_COORDINATOR_FOR_GROUP"));
  }

  offsets(request: Offsets["request"]): Offsets["answer"] {
    const led = this.#ledFor(request.groupId);
    if (typeof led === "string") return { error: led, topics: [] };
    const offsets = led.offsets.get(request.groupId);
    return {
      error: null,
      topics: request.topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map((partition) => {
          const committed = offsets?.get(topic)?.get(partition);
          return {
            partition,
            error: null,
            offset: committed?.offset ?? -1,
            metadata: committed?.metadata ?? "",
          };
        }),
      })),
    };
  }

  /** The group as this broker has it; null: it does not coordinate it. */
  groupOf(groupId: string): SimulatedGroup | null {
    const led = this.#ledFor(groupId);
    return typeof led === "string" ? null : (led.groups.get(groupId) ?? null);
  }

  #load(partition: number): void {
    this.#led.set(partition, null);
    this.#with.after(1 + this.#with.random.next() * 200, () => {
      if (this.#led.get(partition) !== null) return;
      const led = { groups: new Map<string, SimulatedGroup>(), offsets: new Map<string, OffsetTable>() };
      this.#led.set(partition, led);
      for (const [groupId, { record, offsets }] of this.#with.store) {
        if (this.#partitionOf(groupId) !== partition) continue;
        led.offsets.set(groupId, copyOffsets(offsets));
        if (record !== null) led.groups.set(groupId, this.#create(groupId, record));
      }
      this.#with.tell(`broker ${this.#nodeId} coordinates partition ${partition} of ${OFFSETS_TOPIC}`);
    });
  }

  #unload(partition: number): void {
    const led = this.#led.get(partition);
    this.#led.delete(partition);
    for (const group of led?.groups.values() ?? []) group.unload();
  }

  /** What was committed of a topic that is gone is taken out, where it is noticed by whoever coordinates the group then. */
  #forget(topic: string): void {
    for (const led of this.#led.values())
      for (const [groupId, offsets] of led?.offsets ?? [])
        if (offsets.has(topic))
          this.#write(
            groupId,
            (table) => table.delete(topic),
            () => {},
          );
  }

  #create(groupId: string, record: StoredGroup["record"]): SimulatedGroup {
    const { random, after, initialDelayMs, maxRecordBytes, tell } = this.#with;
    return new SimulatedGroup(
      groupId,
      {
        after,
        newMemberId: () => `member-${random.below(2 ** 31).toString(16)}`,
        write: (written, then) => {
          const stored = this.#stored(groupId);
          const change = (): void => {
            stored.record = written;
          };
          this.#with.write(this.#partitionOf(groupId), change, then);
        },
        initialDelayMs,
        maxRecordBytes,
        tell,
      },
      record,
    );
  }

  /** Changes the offsets in the log, and then what this broker has in memory. */
  #write(groupId: string, change: (offsets: OffsetTable) => void, then: (stands: boolean) => void): void {
    const led = this.#ledFor(groupId);
    const { offsets: stored } = this.#stored(groupId);
    this.#with.write(
      this.#partitionOf(groupId),
      () => {
        change(stored);
        if (typeof led === "string") return;
        const offsets = led.offsets.get(groupId) ?? new Map<string, Map<number, never>>();
        led.offsets.set(groupId, offsets);
        change(offsets);
      },
      then,
    );
  }

  #stored(groupId: string): StoredGroup {
    const stored = this.#with.store.get(groupId) ?? { record: null, offsets: new Map<string, Map<number, never>>() };
    this.#with.store.set(groupId, stored);
    return stored;
  }

  #group(groupId: string): SimulatedGroup | "GROUP_LOAD_IN_PROGRESS" | "NOT_COORDINATOR_FOR_GROUP" {
    const led = this.#ledFor(groupId);
    if (typeof led === "string") return led;
    const group = led.groups.get(groupId) ?? this.#create(groupId, null);
    led.groups.set(groupId, group);
    return group;
  }

  #ledFor(groupId: string): NonNullable<Led> | "GROUP_LOAD_IN_PROGRESS" | "NOT_COORDINATOR_FOR_GROUP" {
    const led = this.#led.get(this.#partitionOf(groupId));
    if (led === undefined) return "NOT_COORDINATOR_FOR_GROUP";
    return led ?? "GROUP_LOAD_IN_PROGRESS";
  }

  #partitionOf(groupId: string): number {
    return offsetsPartitionOf(groupId, this.#image?.topics.get(OFFSETS_TOPIC)?.partitions.length ?? 0);
  }
}

const UNKNOWN_TOPIC = "UNKNOWN_TOPIC_OR_PARTITION";
