import type { ExplainDeps } from "../../../../functions/explain-topic.ts";
import { declarationsInForce } from "../../../../functions/reconcile-topics.ts";
import type { KafkaLinks } from "../../../../lib/adapters/kafka/client/links.ts";
import type { Logger } from "../../../../lib/rules/base/logger.ts";
import type { ListedTopic } from "../../../../lib/rules/progress/holdings.ts";
import { explainByServers } from "../../../cli/explain/ask-servers.ts";
import type { TopicRouteDeps } from "../../http/routes/topic-routes.ts";
import type { ReconcileLoop } from "../../reconcile/reconcile-loop.ts";
import type { ConsumerPool } from "../../topic/consumer-pool.ts";
import { UnderWay } from "../../http/kit/under-way.ts";

export interface TopicServiceDeps {
  readonly pool: Pick<ConsumerPool, "tryNow">;
  readonly loop: Pick<ReconcileLoop, "run" | "memory" | "last">;
  /** All topics of this host. */
  readonly listed: () => Promise<readonly ListedTopic[]>;
  readonly logger: Logger;
  readonly links: KafkaLinks;
  readonly currentOwners: ExplainDeps["currentOwners"];
}

/** Answers about single topics. */
export interface TopicService {
  readonly routes: Pick<TopicRouteDeps, "retry" | "explain">;
  /** Ends what is under way. */
  stop(): Promise<void>;
}

/** A stop of the host waits for it. */
const CLOSE_MS = 1_000;

export function createTopicService(deps: TopicServiceDeps): TopicService {
  const { pool, loop, listed, logger, links, currentOwners } = deps;
  const explanations = new UnderWay();
  const routes: TopicService["routes"] = {
    async retry(topic) {
      if (!pool.tryNow(topic)) return false;
      const reason = "a person tries a topic now";
      await loop.run({ reason, dryRun: false, acceptEtcd: false, expectedHash: null, asIf: null });
      return true;
    },
    async explain(topic, signal) {
      explanations.signal.throwIfAborted();
      const { memory, last } = loop;
      const status = (await listed()).find((one) => one.topic === topic) ?? null;
      const asking = explainByServers(
        {
          topic,
          status,
          settings: memory.settings,
          declarations: declarationsInForce(memory),
          refused: last?.plan.refused ?? [],
        },
        logger,
        AbortSignal.any([explanations.signal, signal]),
        { links, closeMs: CLOSE_MS, currentOwners },
      );
      return explanations.add(asking);
    },
  };
  return { routes, stop: () => explanations.stop() };
}
