import { ingestEvent } from "../../../functions/ingest-event.ts";
import { createElasticsearch } from "../../../lib/adapters/elasticsearch/client.ts";
import { createDeadLetters } from "../../../lib/adapters/kafka/client/dead-letters.ts";
import { createLogger } from "../../../lib/adapters/log/log.ts";
import type { Declaration } from "../../../lib/rules/model/declaration.ts";
import { messageOf } from "../../../lib/rules/base/errors.ts";
import {
  batchItemFailures,
  type BatchItemFailures,
  parseKafkaEvent,
} from "../../../lib/rules/lambda-event.ts";
import { createRedaction } from "../../../lib/rules/secrets/redaction.ts";
import { secretsOf } from "../../../lib/rules/secrets/secret.ts";
import { withStore } from "../../../lib/adapters/etcd/declarations-store.ts";
import { loadConfig } from "../../cli/kit/load-config.ts";
import { listTopics } from "../../cli/topics/list.ts";
import { specificationLookup } from "../../../lib/rules/declarations/desired.ts";
import { createSentBeforeOf } from "../../../lib/adapters/elasticsearch/sent/sent-before-of.ts";
import { systemTime } from "../../../lib/adapters/system/system-time.ts";

/** The used part of Lambda's context object. */
export interface LambdaContext {
  getRemainingTimeInMillis(): number;
}

export interface LambdaFunction extends AsyncDisposable {
  /**
   * Indexes the records of an event and returns those that Lambda has to send again. The answer contains only what Lambda's
   * documentation names; the reasons of failures are in the log.
   * @throws PenstockError if the event or the config is invalid: Lambda then sends the whole batch again
   */
  readonly handler: (event: unknown, context?: LambdaContext) => Promise<BatchItemFailures>;
}

/** Records that are not settled this long before Lambda's timeout have failed: a late answer would be lost. */
const MARGIN_MS = 1_000;
/** The interval of a host's resync. */
const RESYNC_MS = 30_000;
const ETCD_DEADLINE_MS = 10_000;

/**
 * The ingest handler as an AWS Lambda function, for a Kafka event source mapping whose `FunctionResponseTypes` contain
 * `ReportBatchItemFailures`. The config file is PENSTOCK_CONFIG, else config.yaml. The first event reads it and creates the
 * clients, which later events reuse. Declarations in etcd are read again after 30 s.
 *
 * For Lambda's own Node (22 or later), ship node_modules and the output of
 * `bun build infra/deploy/lambda/handler.ts --target=node --format=cjs --packages=external --outfile=handler.cjs`. There,
 * `elasticsearch.tls` has no effect, because Node's fetch cannot use it: put a private CA into NODE_EXTRA_CA_CERTS.
 */
export function createLambdaFunction(environment: NodeJS.ProcessEnv): LambdaFunction {
  let opened: ReturnType<typeof open> | null = null;

  return {
    async handler(event, context) {
      opened ??= open(environment);
      const { config, logger, elasticsearch, sentBefore, deadLetters, declarations } = opened;
      const remainingMs = (context?.getRemainingTimeInMillis() ?? Infinity) - MARGIN_MS;
      const { counts, failed } = await ingestEvent(
        { batches: parseKafkaEvent(event), limits: config.settings.elasticsearch.bulk },
        {
          deadLetters,
          sentBefore,
          bulk: (body, how) => elasticsearch.bulk(body, how),
          ensureTemplate: (patterns, signal) => elasticsearch.ensureTemplate(patterns, signal),
          specificationOf: specificationLookup(await declarations(), config.settings.deadLetters.topic),
          now: () => Date.now(),
          signal: AbortSignal.timeout(Math.max(0, Math.min(remainingMs, 2 ** 31 - 1))),
        },
      );
      for (const { name, offsets, code, message } of failed)
        logger.warn("records failed", {
          partition: name,
          records: offsets.length,
          reason: code,
          error: message,
        });
      logger.info("an event is done", { ...counts, failed: failed.length });
      return batchItemFailures(failed);
    },
    async [Symbol.asyncDispose]() {
      const closing = opened;
      opened = null;
      await Promise.all([closing?.elasticsearch.close(), closing?.deadLetters.close()]);
    },
  };
}

/** The entry point for Lambda, which ends the process itself. */
export const { handler } = createLambdaFunction(process.env);

function open(environment: NodeJS.ProcessEnv) {
  const config = loadConfig(null, environment);
  const { settings } = config;
  const hide = createRedaction(secretsOf(settings));
  const logger = createLogger({ level: settings.log.level, pretty: false, hide });
  let known: { readonly list: readonly Declaration[]; readonly readAt: number } | null = null;

  /** While etcd does not answer, the last valid declarations stay active. */
  const declarations = async (): Promise<readonly Declaration[]> => {
    const { etcd, deadLetters } = settings;
    if (etcd === null) return config.declarations;
    if (known !== null && Date.now() - known.readAt < RESYNC_MS) return known.list;
    try {
      const deadline = AbortSignal.timeout(ETCD_DEADLINE_MS);
      const snapshot = await withStore(etcd, (store) => store.list(deadline));
      const { declarations: list, refusals } = listTopics(config.declarations, snapshot, deadLetters.topic);
      for (const { reason } of refusals) logger.warn("a declaration is refused", { error: reason });
      known = { list, readAt: Date.now() };
    } catch (error) {
      if (known === null) throw error;
      logger.warn("etcd cannot be read; its last declarations stay active", { error: messageOf(error) });
    }
    return known.list;
  };

  const elasticsearch = createElasticsearch(settings.elasticsearch, { logger });
  return {
    config,
    logger,
    declarations,
    elasticsearch,
    sentBefore: createSentBeforeOf(elasticsearch, { time: systemTime, logger }),
    deadLetters: createDeadLetters(settings.kafka, settings.deadLetters.topic, logger),
  };
}
