import { setTimeout as delay } from "node:timers/promises";
import { reconcileTopics } from "../../functions/reconcile-topics.ts";
import { createFileWatch } from "../../lib/adapters/system/file-watch.ts";
import { createKafkaLinks } from "../../lib/adapters/kafka/client/links.ts";
import { createKafkaDecoder } from "../../lib/adapters/kafka/records/kafka-decoder.ts";
import type { RecordDecoder } from "../../lib/adapters/kafka/records/record-decoder.ts";
import { createKafkaWire } from "../../lib/adapters/kafka/wire/kafkajs-wire.ts";
import { createWireLender } from "../../lib/adapters/kafka/wire/wire-lender.ts";
import { createThrottledLogger } from "../../lib/adapters/log/log-throttle.ts";
import { createMetrics } from "../../lib/adapters/metrics/metrics.ts";
import { createOpenConnections } from "../../lib/adapters/system/open-connections.ts";
import { systemTime } from "../../lib/adapters/system/system-time.ts";
import { abortable } from "../../lib/rules/base/abortable.ts";
import { messageOf, PenstockError } from "../../lib/rules/base/errors.ts";
import { indexPatternOf } from "../../lib/rules/model/names.ts";
import type { KafkaSettings } from "../../lib/rules/model/settings.ts";
import type { Time } from "../../lib/rules/base/time.ts";
import { createClients } from "./reconcile/clients.ts";
import { createEtcdKeeper } from "./reconcile/etcd-keeper.ts";
import { createFlow } from "./flow.ts";
import { createHttpApp } from "./http/app.ts";
import { watchConnections } from "./http/connection-watch.ts";
import { serveHttp } from "./http/server.ts";
import { createLagWatch } from "./observe/lag-watch.ts";
import { createMonitor } from "./observe/monitor.ts";
import { createReconcileLoop } from "./reconcile/reconcile-loop.ts";
import { createReporter } from "./observe/reporter.ts";
import type { HostOptions } from "./host-options.ts";
import { createServices } from "./services.ts";
import { createTopicJournal } from "./observe/topic-journal.ts";
import { createTailHub } from "./services/tail-hub.ts";

/** A running Penstock. */
export interface Host {
  /** Where it answers, with the port it got. */
  readonly url: string;
  /**
   * Stops fetching, finishes and commits what is in flight, leaves the group, closes everything.
   * @returns true where nothing stayed uncommitted
   */
  stop(): Promise<boolean>;
}

/** What is left of the shutdown's deadline for leaving the group and closing clients. */
const LEAVE_MS = 5_000;
/** Of that, what clients may take; the group's member has had its part before. */
const CLOSE_MS = 1_500;

/**
 * Puts the parts together and starts them: the HTTP port first, so that a host which waits for its servers can say
 * so. The only place where the handlers meet what keeps state.
 * @throws PenstockError `http_unavailable`
 */
export function startHost(options: HostOptions): Host {
  const { config, logger, now, monotonicMs, random } = options;
  const metrics = createMetrics();
  const failures = createThrottledLogger(logger, { now });
  const reporter = createReporter({ logger, failures, metrics, now });
  const links = createKafkaLinks(now, random);
  const time: Time = { ...systemTime, now, monotonicMs, random };
  const wires = createWireLender((kafka) => createKafkaWire(kafka, logger, links, time));
  const clients = createClients(config.settings, logger, links, wires);
  /** A run may last long after it put others into force; a token that was replaced must not be good until its end. */
  let inForce = config.settings;
  const etcd = createEtcdKeeper((reason) => loop.trigger(reason), logger);

  const flow = createFlow({
    time,
    logger,
    host: options.newMarker(),
    openWire: (kafka) => wires.lend(kafka),
    createDecoder: () => decoderOf(() => inForce.kafka),
    bulk: reporter.timed((body, how) => clients.elasticsearch.bulk(body, how)),
    deadLetters: { store: (letters, signal) => clients.deadLetters.store(letters, signal) },
    settings: () => ({ kafka: inForce.kafka, bulk: inForce.elasticsearch.bulk }),
    keptForMs: (topic) => lags.keptForMs(topic),
    events: {
      ofTopic: (topic) => reporter.pumpEvents(topic),
      lost: (topic, ranges) => reporter.lost(topic, ranges),
      forgotten: (topic) => metrics.forgetTopic(topic),
      failed(topic, reason, retryAtMs) {
        failures.warn("a topic failed and is started again", { topic, reason: "failed", error: reason });
        const wake = setTimeout(() => loop.trigger("another try is due"), Math.max(0, retryAtMs - now()));
        wake.unref();
      },
      attempted: (spec, records, outcomes) => tails.tap(spec, records, outcomes),
    },
  });
  const { pool } = flow;

  const tails = createTailHub({
    monotonicMs,
    failures,
    partitions: (topic) => pool.partitions(topic),
    // The pump has booked the outcomes by then.
    later: (act) => void setImmediate(act),
  });

  const loop = createReconcileLoop({
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
        ...pool,
        now,
        newerTrigger,
        configPath: options.configPath,
        wait: (ms) => delay(ms),
        readConfig() {
          try {
            return options.readConfig();
          } finally {
            // Also where it failed: a secret that is empty for a moment may be why.
            watch.watch(options.namedFiles());
          }
        },
        readEtcd: (settings, signal) => etcd.read(settings, signal),
        listTopics: (settings, signal) => clients.listTopics(settings, signal),
        probeElasticsearch: (settings, signal) => clients.probeElasticsearch(settings, signal),
        ensureTemplate: (patterns, signal) => clients.elasticsearch.ensureTemplate(patterns, signal),
        async useSettings(settings) {
          // First what fails on bad settings alone, so that the rest is not half in force.
          server.useTls(settings.http.tls);
          await etcd.use(settings.etcd);
          await clients.use(
            settings,
            [...pool.observed().values()].map(({ spec }) => indexPatternOf(spec.index)),
          );
          inForce = settings;
          options.onSettings?.(settings);
          await flow.useSettings();
        },
      });
    },
  });

  const monitor = createMonitor({
    now,
    listTopics: (signal) => clients.listTopics(inForce.kafka, signal),
    probeElasticsearch: (signal) => clients.probeElasticsearch(inForce.elasticsearch, signal),
    onChange: (reason) => loop.trigger(reason),
    onKafkaTrouble(error) {
      const reason = error instanceof PenstockError ? error.code : "kafka";
      failures.warn("Kafka cannot be asked for its topics", { reason, error: messageOf(error) });
    },
    onTopics(topics) {
      if (pool.pending().some((topic) => topics.has(topic))) loop.trigger("a pending topic exists");
    },
  });

  const journal = createTopicJournal(logger, now);
  const lags = createLagWatch({
    now,
    logger,
    statuses: () => pool.statuses(),
    onLook: (statuses) => journal.look(statuses),
    cluster: () => clients.cluster,
    observe: (topic, positions) => pool.observe(topic, positions),
  });

  const services = createServices({
    options,
    metrics,
    failures,
    reporter,
    clients,
    etcd,
    flow,
    loop,
    monitor,
    tails,
    settings: () => inForce,
  });
  const { http } = config.settings;
  const kernel = createOpenConnections();
  const server = serveHttp({
    hostname: http.hostname,
    port: http.port,
    tls: http.tls,
    app: createHttpApp(services.http),
    connections: watchConnections(kernel, failures),
  });
  const watch = createFileWatch({
    onChange(paths) {
      const isConfig = paths.includes(options.configPath);
      loop.trigger(isConfig ? "the config file changed" : "a file that the config names changed");
    },
  });
  watch.watch(options.namedFiles());
  loop.trigger("start");

  return {
    url: server.url,
    async stop() {
      options.note(`stopping: ${pool.topics.size} topics commit what is in flight and the group is left`);
      const drainMs = Math.max(0, inForce.shutdown.deadlineMs - LEAVE_MS);
      watch.stop();
      server.endStreams();
      // A run under way may be starting topics: it is told to hurry, and what it began is stopped with the rest.
      const [unclean] = await Promise.all([flow.stop(drainMs), loop.stop(), services.stop()]);
      const late = await flow.stop(0);
      options.note("stopping: the clients are closed");
      const closing = Promise.all([monitor.stop(), lags.stop(), etcd.close(), clients.close()]);
      try {
        await abortable(closing, AbortSignal.timeout(CLOSE_MS));
      } catch (error) {
        // A server that does not answer; no record depends on it any more.
        logger.warn("not all clients closed in time", { error: messageOf(error) });
      }
      await server.stop();
      kernel.close();
      const uncommitted = [...unclean, ...late];
      if (uncommitted.length > 0)
        logger.warn("some records stayed uncommitted and will be read again", { topics: uncommitted });
      return uncommitted.length === 0;
    },
  };
}

/** Of one topic, by the bound in force. */
function decoderOf(kafka: () => KafkaSettings): RecordDecoder {
  let { maxBatchBytes } = kafka();
  let decoder = createKafkaDecoder({ maxBatchBytes });
  return {
    open(part) {
      if (kafka().maxBatchBytes !== maxBatchBytes) {
        ({ maxBatchBytes } = kafka());
        decoder = createKafkaDecoder({ maxBatchBytes });
      }
      return decoder.open(part);
    },
  };
}
