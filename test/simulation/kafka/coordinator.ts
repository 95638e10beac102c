import type { SeededRandom } from "../../../infra/bench/kit/random.ts";
import type {
  GroupToken,
  KafkaCalls,
  KafkaError,
  OfTopic,
} from "../../../lib/adapters/kafka/protocol/wire.ts";
import { SimulatedGroup } from "./group.ts";
import { copyOffsets, type OffsetTable, type StoredGroup } from "./group-store.ts";
import { OFFSETS_TOPIC, offsetsPartitionOf, type ClusterImage } from "./image.ts";

type Commit = KafkaCalls["OffsetCommit"];
type Offsets = KafkaCalls["OffsetFetch"];

/** What a coordinator needs from its broker and the cluster. */
export interface CoordinatorSurroundings {
  readonly random: SeededRandom;
  after(ms: number, act: () => void): () => void;
  /** All groups as written in `__consumer_offsets`. */
  readonly store: Map<string, StoredGroup>;
  /** Changes the store, if this broker may still write once the change is replicated. */
  write(offsetsPartition: number, change: () => void, written: (stands: boolean) => void): void;
  readonly initialDelayMs: number;
  readonly maxRecordBytes: number;
  tell(line: string): void;
}

/** One partition of `__consumer_offsets` that this broker leads; null while it loads. */
type Led = {
  readonly groups: Map<string, SimulatedGroup>;
  readonly offsets: Map<string, OffsetTable>;
} | null;

type Refusal = "GROUP_LOAD_IN_PROGRESS" | "NOT_COORDINATOR_FOR_GROUP" | "UNKNOWN_MEMBER_ID";

/** The group coordinator of one broker, for all groups whose `__consumer_offsets` partition it leads. */
export class Coordinator {
  readonly #nodeId: number;
  readonly #with: CoordinatorSurroundings;
  readonly #led = new Map<number, Led>();
  #image: ClusterImage | null = null;

  constructor(nodeId: number, surroundings: CoordinatorSurroundings) {
    this.#nodeId = nodeId;
    this.#with = surroundings;
  }

  /** @param atOnce true for an established cluster, which has loaded its groups */
  apply(image: ClusterImage, atOnce = false): void {
    const before = this.#image;
    this.#image = image;
    for (const [partition, { leader }] of (image.topics.get(OFFSETS_TOPIC)?.partitions ?? []).entries()) {
      if (leader === this.#nodeId && !this.#led.has(partition)) this.#load(partition, atOnce);
      if (leader !== this.#nodeId) this.#unload(partition);
    }
    if (before === null) return;
    for (const [name, { id }] of before.topics) if (image.topics.get(name)?.id !== id) this.#forget(name);
  }

  join(
    request: KafkaCalls["JoinGroup"]["request"],
    respond: (answer: KafkaCalls["JoinGroup"]["answer"]) => void,
  ): void {
    const { groupId, memberId } = request;
    // A member with an id has had its group before.
    const group = memberId === "" ? this.#groupOrNew(groupId) : this.#group(groupId);
    if (group instanceof SimulatedGroup) return group.join(request, respond);
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
    // Until it knows better, Kafka answers without a check.
    return group === "GROUP_LOAD_IN_PROGRESS" ? null : group;
  }

  leave({ groupId, memberId }: KafkaCalls["LeaveGroup"]["request"]): KafkaError {
    const group = this.#group(groupId);
    return group instanceof SimulatedGroup ? group.leave(memberId) : group;
  }

  commit(request: Commit["request"], respond: (answer: Commit["answer"]) => void): void {
    const { groupId } = request;
    const error = this.#mayCommit(request);
    const isKnown = (topic: string, partition: number): boolean =>
      this.#image?.topics.get(topic)?.partitions[partition] !== undefined;
    const answer = (error: KafkaError): void =>
      respond({
        topics: request.topics.map(({ topic, partitions }) => ({
          topic,
          partitions: partitions.map(({ partition, metadata }) => ({
            partition,
            error: !isKnown(topic, partition)
              ? "UNKNOWN_TOPIC_OR_PARTITION"
              : (error ?? (isTooLarge(metadata) ? "OFFSET_METADATA_TOO_LARGE" : null)),
          })),
        })),
      });
    if (error !== null) return answer(error);
    const taken = request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.filter(
        ({ partition, metadata }) => isKnown(topic, partition) && !isTooLarge(metadata),
      ),
    }));
    const change = (offsets: OffsetTable): void => {
      for (const { topic, partitions } of taken)
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
      topics: (request.topics ?? allOf(offsets)).map(({ topic, partitions }) => ({
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

  /** This broker's view of the group; null if it does not coordinate it. */
  groupOf(groupId: string): SimulatedGroup | null {
    const led = this.#ledFor(groupId);
    return typeof led === "string" ? null : (led.groups.get(groupId) ?? null);
  }

  #load(partition: number, atOnce: boolean): void {
    this.#led.set(partition, null);
    const load = (): void => {
      // It was moved meanwhile.
      if (this.#led.get(partition) !== null) return;
      const led = { groups: new Map<string, SimulatedGroup>(), offsets: new Map<string, OffsetTable>() };
      this.#led.set(partition, led);
      for (const [groupId, { record, offsets }] of this.#with.store) {
        if (this.#partitionOf(groupId) !== partition) continue;
        led.offsets.set(groupId, copyOffsets(offsets));
        led.groups.set(groupId, this.#create(groupId, record));
      }
      this.#with.tell(`broker ${this.#nodeId} coordinates partition ${partition} of ${OFFSETS_TOPIC}`);
    };
    if (atOnce) load();
    else this.#with.after(1 + this.#with.random.next() * LOADED_AFTER_MS, load);
  }

  #unload(partition: number): void {
    const led = this.#led.get(partition);
    this.#led.delete(partition);
    for (const group of led?.groups.values() ?? []) group.unload();
  }

  /** Removes the commits of a deleted topic, once the group's coordinator at that time notices. */
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
    const { random, initialDelayMs, maxRecordBytes } = this.#with;
    return new SimulatedGroup(
      groupId,
      {
        after: (ms, act) => this.#with.after(ms, act),
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
        tell: (line) => this.#with.tell(line),
      },
      record,
    );
  }

  /** Changes the offsets in the log, then in this broker's memory. */
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
    const stored = this.#with.store.get(groupId) ?? {
      record: null,
      offsets: new Map<string, Map<number, never>>(),
    };
    this.#with.store.set(groupId, stored);
    return stored;
  }

  #mayCommit(token: GroupToken): KafkaError {
    // From outside the group, the first commit creates it.
    const group = token.generation < 0 ? this.#groupOrNew(token.groupId) : this.#group(token.groupId);
    if (group instanceof SimulatedGroup) return group.mayCommit(token);
    return group === "UNKNOWN_MEMBER_ID" ? "ILLEGAL_GENERATION" : group;
  }

  #group(groupId: string): SimulatedGroup | Refusal {
    const led = this.#ledFor(groupId);
    return typeof led === "string" ? led : (led.groups.get(groupId) ?? "UNKNOWN_MEMBER_ID");
  }

  #groupOrNew(groupId: string): SimulatedGroup | Refusal {
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

/** The longest time a coordinator takes to load its groups. */
const LOADED_AFTER_MS = 200;
/** `offset.metadata.max.bytes` */
const METADATA_MAX = 4_096;

function isTooLarge(metadata: string | null): boolean {
  return metadata !== null && metadata.length > METADATA_MAX;
}

function allOf(offsets: OffsetTable | undefined): readonly OfTopic<number>[] {
  return [...(offsets ?? [])].map(([topic, partitions]) => ({ topic, partitions: [...partitions.keys()] }));
}
