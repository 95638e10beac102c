import { setTimeout as delay } from "node:timers/promises";
import type { RebuildTopicDeps } from "../../../../functions/rebuild-topic.ts";
import { createElasticsearch } from "../../../../lib/adapters/elasticsearch/client.ts";
import { createRebuildIndices } from "../../../../lib/adapters/elasticsearch/rebuild/rebuild-index.ts";
import { createOrders } from "../../../../lib/adapters/kafka/orders/order-store.ts";
import { createKafkaOffsets } from "../../../../lib/adapters/kafka/queries/offsets.ts";
import { createKafkaWire } from "../../../../lib/adapters/kafka/wire/kafkajs-wire.ts";
import { systemTime } from "../../../../lib/adapters/system/system-time.ts";
import type { Logger } from "../../../../lib/rules/base/logger.ts";
import { holdEntries, holdOf, holdWords, orderOf } from "../../../../lib/rules/progress/hold.ts";
import { throwRefused } from "../../../../lib/rules/template/index-template.ts";
import type { LoadedConfig } from "../../kit/load-config.ts";
import { readDeclaredTopics } from "../declared-topics.ts";
import type { TopicsIo } from "../verb.ts";

/**
 * Opens what a rebuild is steered with, from outside the hosts.
 * @param topics as for `readListingFor`
 * @throws PenstockError if etcd or Kafka does not answer
 */
export async function openRebuildWorld(
  topics: readonly string[],
  config: LoadedConfig,
  logger: Logger,
  io: TopicsIo,
): Promise<RebuildTopicDeps & AsyncDisposable> {
  const { kafka, elasticsearch: settings } = config.settings;
  const { signal, now } = io;
  const declared = await readDeclaredTopics(topics, config, logger, io);
  const wire = createKafkaWire(kafka, logger);
  const elasticsearch = createElasticsearch(settings, { logger });
  const offsets = createKafkaOffsets(kafka, logger, wire);
  const orders = createOrders(wire, kafka.group, systemTime);
  return {
    signal,
    now,
    specs: declared.specs,
    orders: orders.rebuilds,
    positions: orders["rebuild-positions"],
    indices: createRebuildIndices(elasticsearch),
    ranges: (topic, until) => offsets.ranges(topic, until),
    async heldBack(topic, until) {
      const order = orderOf(holdEntries(await orders.holds.read(until)), topic);
      const isDeclared = declared.specs.get(topic)?.hold === true;
      const hold = holdOf(order, isDeclared ? { source: undefined, sinceMs: 0 } : null);
      return hold === null ? null : `the topic is ${holdWords(hold)}`;
    },
    newId: () => crypto.randomUUID(),
    wait: (ms, until) => delay(ms, undefined, { signal: until }),
    placeOf: () => `${config.file} or etcd`,
    async ensureTemplate(index, until) {
      throwRefused(await elasticsearch.ensureTemplate([index], until), index);
    },
    async [Symbol.asyncDispose]() {
      await Promise.allSettled([elasticsearch.close(), offsets.close()]);
    },
  };
}
