import { withStore } from "../../../lib/adapters/etcd/declarations-store.ts";
import { createKafkaCluster } from "../../../lib/adapters/kafka/queries/cluster.ts";
import { createKafkaWire } from "../../../lib/adapters/kafka/wire/kafkajs-wire.ts";
import type { Refusal, SourceRef, Specification } from "../../../lib/rules/model/declaration.ts";
import { mergeDeclarations } from "../../../lib/rules/declarations/desired.ts";
import { messageOf } from "../../../lib/rules/base/errors.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";
import type { LoadedConfig } from "../kit/load-config.ts";
import { listTopics, type TopicsListing } from "./list.ts";
import type { TopicsIo } from "./verb.ts";

/** The topics that a host with this config would move. */
export interface DeclaredTopics {
  /** By name, with patterns expanded against Kafka. */
  readonly specs: ReadonlyMap<string, Specification>;
  /** Where each is declared, the winner first. */
  readonly sources: ReadonlyMap<string, readonly SourceRef[]>;
  /** Names of the topics that exist in Kafka. */
  readonly inKafka: ReadonlySet<string>;
  readonly refused: readonly Refusal[];
}

/**
 * Reads the declarations of the config file and etcd.
 * @throws PenstockError if etcd does not answer
 */
export async function readDeclarations(
  { settings: { etcd, deadLetters }, declarations }: LoadedConfig,
  signal: AbortSignal,
): Promise<TopicsListing> {
  const snapshot = etcd === null ? null : await withStore(etcd, (store) => store.list(signal));
  return listTopics(declarations, snapshot, deadLetters.topic);
}

/**
 * The same, also keys that etcd's login may not read: says on standard error that the list is incomplete then.
 * @throws PenstockError if etcd does not answer
 */
export async function readListing(
  { settings, declarations }: LoadedConfig,
  { signal, error }: Pick<TopicsIo, "signal" | "error">,
): Promise<TopicsListing> {
  const { etcd, deadLetters } = settings;
  const snapshot = etcd === null ? null : await withStore(etcd, (store) => store.list(signal, true));
  for (const { reason } of snapshot?.forbidden ?? []) error(`Note: the list is incomplete: ${reason}\n`);
  return listTopics(declarations, snapshot, deadLetters.topic);
}

/** A listing, and why etcd's part of it is missing; null: nothing is. */
export interface ListingOrFile {
  readonly listing: TopicsListing;
  readonly missing: Error | null;
}

/**
 * Returns what `read` returns, or the config file's declarations alone if etcd cannot be read.
 * @throws the reason of `signal` once it is aborted
 */
export async function orFromFile(
  read: Promise<TopicsListing>,
  { settings, declarations }: LoadedConfig,
  signal: AbortSignal,
): Promise<ListingOrFile> {
  try {
    return { listing: await read, missing: null };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Error)) throw error;
    return { listing: listTopics(declarations, null, settings.deadLetters.topic), missing: error };
  }
}

/** A note for people. */
export const onlyTheFile = (missing: Error): string =>
  `Note: only the config file counts, because etcd cannot be read: ${messageOf(missing)}\n`;

/**
 * Returns what `read` returns. Without etcd, the config file's declarations do if it names all of these topics, because they
 * win; a note says so.
 * @param topics what the command is about; none: what the file cannot tell alone, such as all topics, or the path in
 *   documents, which etcd may give too
 * @throws PenstockError if etcd does not answer
 */
export async function readListingFor(
  topics: readonly string[],
  config: LoadedConfig,
  { signal, error }: Pick<TopicsIo, "signal" | "error">,
  read = readDeclarations(config, signal),
): Promise<TopicsListing> {
  const { listing, missing } = await orFromFile(read, config, signal);
  if (missing === null) return listing;
  const inFile = new Set(
    listing.declarations.flatMap(({ target }) => (target.kind === "topic" ? [target.topic] : [])),
  );
  if (topics.length === 0 || !topics.every((topic) => inFile.has(topic))) throw missing;
  error(onlyTheFile(missing));
  return listing;
}

/**
 * Reads the declarations, and the topics in Kafka.
 * @param topics as for `readListingFor`
 * @throws PenstockError if etcd or Kafka does not answer
 */
export async function readDeclaredTopics(
  topics: readonly string[],
  config: LoadedConfig,
  logger: Logger,
  io: Pick<TopicsIo, "signal" | "error">,
): Promise<DeclaredTopics> {
  const listing = await readListingFor(topics, config, io);
  const inKafka = await readKafkaTopics(config, logger, io.signal);
  const merged = mergeDeclarations(listing.declarations, inKafka, config.settings.deadLetters.topic);
  return {
    specs: new Map([...merged.desired].map(([topic, { spec }]) => [topic, spec])),
    sources: new Map([...merged.desired].map(([topic, { sources }]) => [topic, sources])),
    inKafka,
    refused: [...listing.refusals, ...merged.refused],
  };
}

/** @throws PenstockError if Kafka does not answer */
export async function readKafkaTopics(
  { settings: { kafka } }: Pick<LoadedConfig, "settings">,
  logger: Logger,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const cluster = createKafkaCluster(createKafkaWire(kafka, logger), logger);
  try {
    return await cluster.listTopics(signal);
  } finally {
    await cluster.close();
  }
}
