/** The controller's state, which brokers learn one after another. Immutable: a change makes a new one. */
export interface ClusterImage {
  readonly topics: ReadonlyMap<string, TopicImage>;
  /** The brokers that the controller considers alive. */
  readonly alive: ReadonlySet<number>;
}

export interface TopicImage {
  /** A topic that is deleted and created again gets a new one. */
  readonly id: number;
  readonly partitions: readonly PartitionImage[];
}

export interface PartitionImage {
  /** -1 if none. */
  readonly leader: number;
  /** The first is the preferred leader. */
  readonly replicas: readonly number[];
}

/** A group's coordinator is the leader of one of its partitions. */
export const OFFSETS_TOPIC = "__consumer_offsets";

export function partitionIn(
  image: ClusterImage,
  topic: string,
  partition: number,
): PartitionImage | undefined {
  return image.topics.get(topic)?.partitions[partition];
}

/** The partition of `__consumer_offsets` that holds the group: by Java's hash of its name. */
export function offsetsPartitionOf(groupId: string, partitions: number): number {
  let hash = 0;
  for (let at = 0; at < groupId.length; at += 1) hash = (Math.imul(31, hash) + groupId.charCodeAt(at)) | 0;
  return (hash & 0x7fffffff) % Math.max(1, partitions);
}

/** The group's coordinator in that image; -1 if none at the moment. */
export function coordinatorIn(image: ClusterImage, groupId: string): number {
  const partitions = image.topics.get(OFFSETS_TOPIC)?.partitions ?? [];
  return partitions[offsetsPartitionOf(groupId, partitions.length)]?.leader ?? -1;
}
