import { setTimeout as delay } from "node:timers/promises";
import { reconcileTopics } from "../../functions/reconcile-topics.ts";
import { createSentRecords } from "../../lib/adapters/elasticsearch/sent/create-sent-records.ts";
import { createKafkaLinks } from "../../lib/adapters/kafka/client/links.ts";
import { readFirstRecords } from "../../lib/adapters/kafka/queries/record-reader.ts";
import { createKafkaWire } from "../../lib/adapters/kafka/wire/kafkajs-wire.ts";
import { createWireLender } from "../../lib/adapters/kafka/wire/wire-lender.ts";
import { createThrottledLogger } from "../../lib/adapters/log/log-throttle.ts";
import { createMetrics } from "../../lib/adapters/metrics/metrics.ts";
import { createOpenConnections } from "../../lib/adapters/system/open-connections.ts";
import { systemTime } from "../../lib/adapters/system/system-time.ts";
import { abortable } from "../../lib/rules/base/abortable.ts";
import { messageOf, PenstockError } from "../../lib/rules/base/errors.ts";
import { namesIn } from "../../lib/rules/remedies/topic.ts";
import { templateTargetsOf } from "../../lib/rules/template/template-target.ts";
import type { Time } from "../../lib/rules/base/time.ts";
import { createClients } from "./reconcile/clients.ts";
import { watchConfig } from "./reconcile/config-watch.ts";
import { createEtcdKeeper } from "./reconcile/etcd-keeper.ts";
import { identityOf } from "./fleet/identity.ts";
import { createFlow } from "./flow.ts";
import { createHostHistory } from "./history/host-history.ts";
import { createTopicDecoder } from "./inlet/topic-decoder.ts";
import { createHttpApp } from "./http/app.ts";
import { watchConnections } from "./http/connection-watch.ts";
import { type ServeOptions, serveHttp } from "./http/server.ts";
import { createHoldKeeper } from "./orders/hold-keeper.ts";
import { createLagWatch } from "./observe/lag-watch.ts";
import { createMonitor } from "./observe/monitor.ts";
import { createReconcileLoop } from "./reconcile/reconcile-loop.ts";
import { createReporter } from "./observe/reporter.ts";
import type { HostOptions } from "./host-options.ts";
import { createRewinder } from "./orders/rewinder.ts";
import { createServices } from "./services.ts";
import { createTopicJournal } from "./observe/topic-journal.ts";
import { createTailHub } from "./services/tail-hub.ts";
import { Together } from "./together.ts";
import { createTriggers } from "./reconcile/triggers.ts";

/** A running Penstock. */
export interface Host {
  /** Where it answers, with the port it got. */
  readonly url: string;
  /**
   * Stops fetching, finishes and commits what is in flight, leaves the group, closes everything.
   * @param signal that asked for it
   * @returns true if everything was committed
   */
  stop(signal: NodeJS.Signals): Promise<boolean>;
}

/** The part of `shutdown.deadline` reserved for leaving the group and closing clients. */
const LEAVE_MS = 5_000;
/** Time limit for closing clients, within the reserved part. */
const CLOSE_MS = 1_500;

/**
 * Puts the parts together and starts them: the HTTP port first, so that a host waiting for its servers can say so. The
 * only place where handlers meet state. If it throws, everything opened so far is closed.
 * @throws PenstockError `http_unavailable`
 */
export async function startHost(given: HostOptions): Promise<Host> {
  await using releases = new AsyncDisposableStack();
  const { config, now, monotonicMs, random, newMarker } = given;
  /** Not `loop.memory`: a run may go on long after it applied settings, and a replaced token must end at once. */
  let inForce = config.settings;
  const time: Time = { ...systemTime, now, monotonicMs, random };
  const links = createKafkaLinks(now, random);
  const history = createHostHistory({ ...given, run: newMarker(), time, links, settings: () => inForce });
  const options = { ...given, logger: history.logger };
  const { logger } = options;
  const metrics = createMetrics();
  const failures = createThrottledLogger(logger, { now });
  const reporter = createReporter({ logger, failures, metrics, now, names: () => namesIn(inForce) });

  const kernel = createOpenConnections();
  releases.defer(() => kernel.close());
  const { http } = config.settings;
  /** Gets its routes below, before the event loop can deliver a request. */
  const front: ServeOptions["app"] = { fetch: () => new Response(null, { status: 503 }) };
  const server = serveHttp({
    hostname: http.hostname,
    port: http.port,
    tls: http.tls,
    app: front,
    connections: watchConnections(kernel, failures),
  });
  releases.defer(() => server.stop());

  const closing = releases.adopt(new Together(), async (clients) => {
    options.note("stopping: closing the clients");
    try {
      await abortable(clients.release(), AbortSignal.timeout(CLOSE_MS));
    } catch (error) {
      // A server that does not answer; no record depends on it any more.
      logger.warn("not all clients closed in time", { error: messageOf(error) });
    }
  });
  const self = identityOf(http, server.port, options);
  const wires = createWireLender((kafka) => createKafkaWire(kafka, logger, links, time));
  const clients = createClients(config.settings, logger, links, wires, time);
  closing.adopt(clients, (it) => it.close());
  closing.adopt(history, (it) => it.close());
  const triggers = createTriggers();
  const watch = watchConfig(options, triggers);
  releases.defer(() => watch.stop());
  watch.follow();
  const etcd = createEtcdKeeper((reason) => triggers.push(reason), logger);
  closing.adopt(etcd, (it) => it.close());
  const journal = createTopicJournal(logger, now);
  const lags = createLagWatch({
    now,
    logger,
    onLook: (statuses) => journal.look(statuses),
    cluster: () => clients.cluster,
    firstRecords: (topic, committed, signal) =>
      readFirstRecords({ kafka: inForce.kafka, topic, logger, links }, committed, signal),
  });
  closing.adopt(lags, (it) => it.stop());

  const flow = createFlow({
    time,
    logger,
    host: self,
    openWire: (kafka) => wires.lend(kafka),
    createDecoder: () => createTopicDecoder(() => inForce.kafka),
    bulk: reporter.timed((body, how) => clients.elasticsearch.bulk(body, how)),
    deadLetters: { store: (letters, signal) => clients.deadLetters.store(letters, signal) },
    sent: createSentRecords(clients.questions),
    settings: () => ({ kafka: inForce.kafka, bulk: inForce.elasticsearch.bulk }),
    keptForMs: (topic) => lags.keptForMs(topic),
    names: () => namesIn(inForce),
    isToMove: (topic, partition) => rewinder.stands(topic, partition),
    holdOrder: (topic) => holds.order(topic),
    events: {
      ofTopic: (topic) => reporter.pumpEvents(topic),
      lost: (topic, ranges) => reporter.lost(topic, ranges),
      forgotten: (topic) => metrics.forgetTopic(topic),
      failed(topic, error, retryAtMs, remedy) {
        reporter.failed(topic, error, remedy);
        setTimeout(() => triggers.push("a retry is due"), Math.max(0, retryAtMs - now())).unref();
      },
    },
  });
  const { pool, mover } = flow;
  const uncommitted: string[] = [];
  const stopFlow = async (drainMs: number): Promise<void> =>
    void uncommitted.push(...(await flow.stop(drainMs)));
  const work = releases.adopt(new Together(), async (all) => {
    options.note(`stopping: committing ${pool.topics.size} topics and leaving the group`);
    await all.release();
    // A run of reconcile may have started topics until it ended.
    await stopFlow(0);
  });
  work.adopt(flow, () => stopFlow(Math.max(0, inForce.shutdown.deadlineMs - LEAVE_MS)));
  work.adopt(history, (it) => it.finish());
  lags.start(pool);
  const tails = createTailHub({
    now: options.now,
    monotonicMs,
    failures,
    partitions: (topic) => pool.partitions(topic),
    // By then the pump has booked the outcomes.
    later: (act) => void setImmediate(act),
  });
  flow.tap((spec, records, outcomes) => tails.tap(spec, records, outcomes));

  const loop = createReconcileLoop({
    triggers,
    logger,
    memory: {
      settings: config.settings,
      declarations: config.declarations,
      failedProbes: [],
      stillness: null,
      etcd: null,
      seenMissing: new Set(),
    },
    onResult(result, reasons) {
      options.note(`running ${pool.topics.size} topics`);
      reporter.reconciled(result, reasons);
      failures.flush();
    },
    reconcile: (input, newerTrigger) => {
      options.note(`reconciling ${pool.topics.size} topics`);
      return reconcileTopics(input, {
        observed: () => pool.observed(),
        start: (topic, order) => pool.start(topic, order),
        stop: (topic) => pool.stop(topic),
        replace: (topic, order) => pool.replace(topic, order),
        replacing: () => pool.replacing(),
        pend: (topic, desired, reason) => pool.pend(topic, desired, reason),
        describe: (topic, desired) => pool.describe(topic, desired),
        now,
        newerTrigger,
        configPath: options.configPath,
        wait: (ms) => delay(ms),
        readConfig() {
          try {
            return options.readConfig();
          } finally {
            // After a failure too: a secret file that is empty for a moment may be the reason.
            watch.follow();
          }
        },
        readEtcd: (settings, signal) => etcd.read(settings, signal),
        async listTopics(settings, signal) {
          const topics = await clients.listTopics(settings, signal);
          // Without topics there is nothing that could be held or moved.
          if (topics.size > 0) await Promise.all([holds.watch.ready(signal), rewinder.watch.ready(signal)]);
          return topics;
        },
        probeElasticsearch: (settings, signal) => clients.probeElasticsearch(settings, signal),
        ensureTemplate: (targets, signal) => clients.elasticsearch.ensureTemplate(targets, signal),
        async useSettings(settings) {
          // First the steps that can fail on bad settings, so that the others are not half applied.
          server.useTls(settings.http.tls);
          await etcd.use(settings.etcd);
          await clients.use(
            settings,
            templateTargetsOf([...pool.observed().values()].map(({ spec }) => spec)),
          );
          history.changing(inForce, settings);
          inForce = settings;
          options.onSettings?.(settings);
          await flow.useSettings();
        },
      });
    },
  });
  work.adopt(loop, (it) => it.stop());

  const monitor = createMonitor({
    now,
    listTopics: (signal) => clients.listTopics(inForce.kafka, signal),
    probeElasticsearch: (signal) => clients.probeElasticsearch(inForce.elasticsearch, signal),
    onChange: (reason) => triggers.push(reason),
    onKafkaTrouble(error) {
      const reason = error instanceof PenstockError ? error.code : "kafka";
      failures.warn("Kafka could not be asked for its topics", { reason, error: messageOf(error) });
    },
    onTopics(topics) {
      if (pool.pending().some((topic) => topics.has(topic))) triggers.push("a pending topic exists");
    },
  });
  closing.adopt(monitor, (it) => it.stop());
  const holds = createHoldKeeper({
    now,
    topics: pool,
    mover,
    store: () => clients.orders("holds"),
    logger,
    failures,
  });
  closing.adopt(holds, (it) => it.stop());

  const rewinder = createRewinder({ mover, store: () => clients.orders("rewinds"), logger, failures });
  work.adopt(rewinder, (it) => it.stop());

  const services = createServices({
    options,
    self,
    metrics,
    failures,
    reporter,
    clients,
    etcd,
    flow,
    loop,
    monitor,
    holds,
    rewinder,
    tails,
    openWire: (kafka) => createKafkaWire(kafka, logger, links, time),
    links,
    history,
    settings: () => inForce,
  });
  work.adopt(services, (it) => it.stop());
  front.fetch = createHttpApp(services.http).fetch;
  releases.defer(() => server.endStreams());
  history.start(() => pool.statuses());
  triggers.push("start");

  const opened = releases.move();
  return {
    url: server.url,
    async stop(signal) {
      logger.info("the host stops", { signal });
      await opened.disposeAsync();
      if (uncommitted.length > 0)
        logger.warn("some records stayed uncommitted and will be read again", { topics: uncommitted });
      return uncommitted.length === 0;
    },
  };
}
