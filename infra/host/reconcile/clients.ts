import { createElasticsearch, type Elasticsearch } from "../../../lib/adapters/elasticsearch/client.ts";
import { createKafkaCluster, type KafkaCluster } from "../../../lib/adapters/kafka/queries/cluster.ts";
import { createDeadLetters, type DeadLetters } from "../../../lib/adapters/kafka/client/dead-letters.ts";
import {
  createOrders,
  type OrderKind,
  type OrderStore,
} from "../../../lib/adapters/kafka/orders/order-store.ts";
import { createKafkaOffsets, type KafkaOffsets } from "../../../lib/adapters/kafka/queries/offsets.ts";
import type { KafkaLinks } from "../../../lib/adapters/kafka/client/links.ts";
import type { WireLender } from "../../../lib/adapters/kafka/wire/wire-lender.ts";
import { sameSettings } from "../../../lib/rules/plan/accept-settings.ts";
import { messageOf } from "../../../lib/rules/base/errors.ts";
import type { TemplateTarget } from "../../../lib/rules/template/template-target.ts";
import type { Time } from "../../../lib/rules/base/time.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";
import type { ElasticsearchSettings, KafkaSettings, Settings } from "../../../lib/rules/model/settings.ts";

/** The clients shared by all topics of a host. Each is replaced as a whole when its settings change. */
export interface Clients {
  readonly elasticsearch: Elasticsearch;
  /** Questions to whichever Elasticsearch is current, to be kept: the client itself may be replaced. */
  readonly questions: Pick<Elasticsearch, "ask" | "askForText" | "existingIds">;
  readonly deadLetters: DeadLetters;
  listTopics(settings: KafkaSettings, signal: AbortSignal): Promise<ReadonlySet<string>>;
  /** Orders kept in the current Kafka cluster. */
  orders(kind: OrderKind): OrderStore;
  /** Of the current Kafka cluster; whoever opens it closes it. */
  openOffsets(): KafkaOffsets;
  /** The current Kafka cluster. */
  readonly cluster: Pick<KafkaCluster, "positions" | "topicConfigs" | "groupMembers">;
  /** @throws PenstockError if the settings do not lead to a supported Elasticsearch */
  probeElasticsearch(settings: ElasticsearchSettings, signal: AbortSignal): Promise<void>;
  /**
   * Switches to other settings; clients with unchanged settings are kept. If it throws, nothing was switched.
   * @param targets what templates of a new Elasticsearch must cover before the first write
   */
  use(settings: Settings, targets: readonly TemplateTarget[]): Promise<void>;
  close(): Promise<void>;
}

type Orders = Readonly<Record<OrderKind, OrderStore>> & { close(): Promise<void> };

const TEMPLATE_DEADLINE_MS = 10_000;

/** @param wires connections shared with everything else that talks to the same brokers */
export function createClients(
  atStart: Settings,
  logger: Logger,
  links: KafkaLinks,
  wires: WireLender,
  time: Time,
): Clients {
  const openCluster = (kafka: KafkaSettings): KafkaCluster => createKafkaCluster(wires.lend(kafka), logger);
  const openOrders = (kafka: KafkaSettings): Orders => {
    const wire = wires.lend(kafka);
    return { ...createOrders(wire, kafka.group, time), close: () => wire.close() };
  };
  let settings = atStart;
  let elasticsearch = createElasticsearch(settings.elasticsearch, { logger });
  let cluster = openCluster(settings.kafka);
  let orders = openOrders(settings.kafka);
  let deadLetters = createDeadLetters(settings.kafka, settings.deadLetters.topic, logger, links);

  /** Not awaited: requests in flight finish on the old client. */
  const retire = (client: { close(): Promise<void> }): void => {
    client.close().catch((error: unknown) => {
      logger.warn("a replaced client did not close cleanly", { error: messageOf(error) });
    });
  };

  return {
    questions: {
      ask: (...question) => elasticsearch.ask(...question),
      askForText: (...question) => elasticsearch.askForText(...question),
      existingIds: (...question) => elasticsearch.existingIds(...question),
    },
    get elasticsearch() {
      return elasticsearch;
    },
    get deadLetters() {
      return deadLetters;
    },
    orders: (kind) => orders[kind],
    openOffsets: () => createKafkaOffsets(settings.kafka, logger, wires.lend(settings.kafka)),
    get cluster() {
      return cluster;
    },
    async listTopics(wanted, signal) {
      if (sameSettings(wanted, settings.kafka)) return cluster.listTopics(signal);
      const probe = openCluster(wanted);
      try {
        return await probe.listTopics(signal);
      } finally {
        retire(probe);
      }
    },
    async probeElasticsearch(wanted, signal) {
      if (sameSettings(wanted, settings.elasticsearch)) return elasticsearch.probe(signal);
      const probe = createElasticsearch(wanted, { logger });
      try {
        await probe.probe(signal);
      } finally {
        retire(probe);
      }
      return undefined;
    },
    async use(wanted, targets) {
      if (!sameSettings(wanted.elasticsearch, settings.elasticsearch)) {
        const next = createElasticsearch(wanted.elasticsearch, { logger });
        try {
          await next.ensureTemplate(targets, AbortSignal.timeout(TEMPLATE_DEADLINE_MS));
        } catch (error) {
          retire(next);
          throw error;
        }
        retire(elasticsearch);
        elasticsearch = next;
      }
      const kafkaChanged = !sameSettings(wanted.kafka, settings.kafka);
      if (kafkaChanged) {
        retire(cluster);
        cluster = openCluster(wanted.kafka);
        retire(orders);
        orders = openOrders(wanted.kafka);
      }
      if (kafkaChanged || wanted.deadLetters.topic !== settings.deadLetters.topic) {
        retire(deadLetters);
        deadLetters = createDeadLetters(wanted.kafka, wanted.deadLetters.topic, logger, links);
      }
      settings = wanted;
    },
    async close() {
      await Promise.allSettled([elasticsearch.close(), cluster.close(), orders.close(), deadLetters.close()]);
    },
  };
}
