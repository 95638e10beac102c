export interface ListKafkaTopicsInput {
  /** Only names that contain it; empty for all. */
  readonly contains: string;
  readonly undeclaredOnly: boolean;
}

export interface ListKafkaTopicsDeps {
  /** All topics of the cluster, with their numbers of partitions. @throws PenstockError */
  readonly topics: () => Promise<ReadonlyMap<string, number>>;
  /** How many offsets Kafka keeps of each; without those that are not known now. @throws PenstockError */
  readonly countOffsets: (topics: ReadonlyMap<string, number>) => Promise<ReadonlyMap<string, number>>;
  /** Whether the topic is declared. */
  readonly isDeclared: (topic: string) => boolean;
  /** Whether Penstock writes it itself: dead letters, or a history. */
  readonly isOwn: (topic: string) => boolean;
}

export interface KafkaTopic {
  readonly topic: string;
  readonly partitions: number;
  readonly declared: boolean;
  /** Whether Penstock writes it itself: dead letters, or a history. Such a topic cannot be declared. */
  readonly own: boolean;
  /** At most so many records; null if a leader does not answer. */
  readonly records: number | null;
}

export interface ListKafkaTopicsResult {
  /** Of the whole cluster, without Kafka's own. */
  readonly total: number;
  /** Those that nobody declared, without Penstock's own. */
  readonly undeclared: number;
  /** How many match. */
  readonly found: number;
  /** The first of them, those that nobody declared before the others, then by name. */
  readonly topics: readonly KafkaTopic[];
}

/** The most topics of one answer: each needs its offsets looked up. */
export const maxListedTopics = 200;

/** Lists what Kafka has, declared or not. @throws PenstockError as the deps */
export async function listKafkaTopics(
  { contains, undeclaredOnly }: ListKafkaTopicsInput,
  { topics, countOffsets, isDeclared, isOwn }: ListKafkaTopicsDeps,
): Promise<ListKafkaTopicsResult> {
  const all = [...(await topics())].map(([topic, partitions]) => ({
    topic,
    partitions,
    declared: isDeclared(topic),
    own: isOwn(topic),
  }));
  const found = all
    .filter((one) => one.topic.includes(contains) && !(undeclaredOnly && !isFree(one)))
    .sort((a, b) => Number(isFree(b)) - Number(isFree(a)) || (a.topic < b.topic ? -1 : 1));
  const shown = found.slice(0, maxListedTopics);
  const counts = await countOffsets(new Map(shown.map(({ topic, partitions }) => [topic, partitions])));
  return {
    total: all.length,
    undeclared: all.filter(isFree).length,
    found: found.length,
    topics: shown.map(({ topic, partitions, declared, own }) => {
      return { topic, partitions, declared, own, records: counts.get(topic) ?? null };
    }),
  };
}

function isFree({ declared, own }: Pick<KafkaTopic, "declared" | "own">): boolean {
  return !declared && !own;
}
