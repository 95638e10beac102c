import { health } from "../../functions/health.ts";
import { readIgnoredFields } from "../../functions/digest-dead-letters/read-ignored-fields.ts";
import { declarationsInForce, type ReconcileMemory } from "../../functions/reconcile-topics.ts";
import { createWrittenIds } from "../../lib/adapters/elasticsearch/sent/written-ids.ts";
import type { TrialDeps } from "../../lib/adapters/elasticsearch/trial/trial.ts";
import { findHolders } from "../../lib/adapters/elasticsearch/mending/holders.ts";
import { createFailureStores } from "../../lib/adapters/elasticsearch/failure-store/failure-stores.ts";
import { ignoredFieldsDeps } from "../../lib/adapters/elasticsearch/ignored-fields.ts";
import { fieldCaps } from "../../lib/adapters/elasticsearch/field-caps.ts";
import { readHoldings } from "../../lib/adapters/elasticsearch/holdings/holdings.ts";
import { searchText } from "../../lib/adapters/elasticsearch/search.ts";
import { withStore } from "../../lib/adapters/etcd/declarations-store.ts";
import type { ThrottledLogger } from "../../lib/adapters/log/log-throttle.ts";
import type { Metrics } from "../../lib/adapters/metrics/metrics.ts";
import { dayMs, hourMs } from "../../lib/rules/search/hits/gave-way.ts";
import { widestTarget } from "../../lib/rules/search/query/target.ts";
import type { KafkaSettings, Settings } from "../../lib/rules/model/settings.ts";
import type { KafkaLinks } from "../../lib/adapters/kafka/client/links.ts";
import { createRecordReader } from "../../lib/adapters/kafka/queries/record-reader.ts";
import type { KafkaWire } from "../../lib/adapters/kafka/protocol/wire.ts";
import type { HostIdentity } from "./fleet/identity.ts";
import { gatedBulk } from "./bulks/gated-bulk.ts";
import { createHostFleet } from "./fleet/host-fleet.ts";
import { createHistory } from "./live/history.ts";
import { createHostRebuilds } from "./rebuild/host-rebuilds.ts";
import type { HeldTopic, ListedTopic } from "../../lib/rules/progress/holdings.ts";
import type { TopicStatus } from "../../lib/rules/progress/status.ts";
import { createConsoleFiles } from "../console/build.ts";
import type { Clients } from "./reconcile/clients.ts";
import { createDeadLetterService } from "./services/dead-letter-service.ts";
import { createDeclarationService } from "./services/declaration-service.ts";
import { createRecordService } from "./services/kafka/record-service.ts";
import type { EtcdKeeper } from "./reconcile/etcd-keeper.ts";
import { createHoldService } from "./services/hold-service.ts";
import { createIngestService } from "./services/ingest-service.ts";
import { createTrialService } from "./services/trial-service.ts";
import type { Flow } from "./flow.ts";
import type { HostOptions } from "./host-options.ts";
import type { HttpDeps } from "./http/app.ts";
import { createHoldingsWatch } from "./observe/holdings-watch.ts";
import { createIgnoredWatch } from "./observe/ignored-watch.ts";
import { createLive } from "./live/live.ts";
import type { HoldKeeper } from "./orders/hold-keeper.ts";
import { type Monitor, withGroup } from "./observe/monitor.ts";
import type { ReconcileLoop } from "./reconcile/reconcile-loop.ts";
import type { Rewinder } from "./orders/rewinder.ts";
import { createRewindService } from "./services/rewind-service.ts";
import type { Reporter } from "./observe/reporter.ts";
import type { HostHistory } from "./history/host-history.ts";
import { createTopicService } from "./services/topic/topic-service.ts";
import type { TailHub } from "./services/tail-hub.ts";
import { createSentBeforeOf } from "../../lib/adapters/elasticsearch/sent/sent-before-of.ts";
import { systemTime } from "../../lib/adapters/system/system-time.ts";

/** The parts of a host that move records. */
export interface HostCore {
  readonly options: HostOptions;
  readonly self: HostIdentity;
  readonly metrics: Metrics;
  readonly failures: ThrottledLogger;
  readonly reporter: Reporter;
  readonly clients: Clients;
  readonly etcd: EtcdKeeper;
  readonly flow: Flow;
  readonly loop: ReconcileLoop;
  readonly monitor: Monitor;
  readonly holds: HoldKeeper;
  readonly rewinder: Rewinder;
  readonly tails: TailHub;
  readonly links: KafkaLinks;
  readonly history: HostHistory;
  /** Connections to the brokers that nobody else uses. */
  openWire(kafka: KafkaSettings): KafkaWire;
  settings(): Settings;
}

/** What HTTP offers on top of moving records. */
export interface Services {
  readonly http: HttpDeps;
  /** Ends or abandons what is under way. */
  stop(): Promise<void>;
}

export function createServices(core: HostCore): Services {
  const { options, reporter, clients, flow, loop, monitor } = core;
  const { pool, gate } = flow;
  const { logger, now, random, configPath } = options;
  const settings = () => core.settings();
  const startedAt = now();
  const ensureTemplate: Clients["elasticsearch"]["ensureTemplate"] = (...about) =>
    clients.elasticsearch.ensureTemplate(...about);

  const bulk = gatedBulk(gate, (body, how) => clients.elasticsearch.bulk(body, how));
  const inForce = () => new Map([...pool.observed()].map(([topic, { spec }]) => [topic, spec]));
  const ignoredFields = (topics: readonly string[] | null, spanMs: number, signal: AbortSignal) => {
    const { manageTemplates } = settings().elasticsearch;
    return readIgnoredFields(
      { indices: widestTarget(inForce(), manageTemplates), topics, fromMs: now() - spanMs, toMs: now() },
      ignoredFieldsDeps(clients.elasticsearch, signal),
    );
  };
  const ignored = createIgnoredWatch({
    logger,
    monotonicMs: options.monotonicMs,
    topics: () => pool.figures().flatMap(({ topic, readsFirst }) => (readsFirst ? [topic] : [])),
    ask: (topics, signal) => ignoredFields(topics, hourMs, signal),
    show: (topic, documents) => core.metrics.setIgnored(topic, documents),
  });

  const holdings = createHoldingsWatch({
    now,
    logger,
    monotonicMs: options.monotonicMs,
    specs: () => inForce().values(),
    ask: (targets, signal) => readHoldings(clients.elasticsearch, targets, signal),
  });

  const failureStores = createFailureStores({ bulk, ask: clients.questions.ask });
  const sentBefore = createSentBeforeOf(clients.questions, { time: systemTime, logger });
  const trialClient: TrialDeps["client"] = {
    bulk,
    ...clients.questions,
    newIndex: (...about) => clients.elasticsearch.newIndex(...about),
    tryTemplate: (...about) => clients.elasticsearch.tryTemplate(...about),
  };
  const openReader = () => createRecordReader(settings().kafka, logger, core.links);
  const deadLetterService = createDeadLetterService({
    logger,
    openReader,
    sentBefore,
    now,
    random,
    bulk,
    settings,
    ensureTemplate,
    ignoredFields: (topics, signal) => ignoredFields(topics, dayMs, signal),
    failureStores,
    trialClient,
    findHolders: (...about) => findHolders(clients.elasticsearch, ...about),
    specifications: () => [...inForce().values()],
    declarations: () => declarationsInForce(loop.memory),
    existingIds: (...about) => createWrittenIds(clients.elasticsearch).existingIds(...about),
    removeExtraCopies: (...about) => createWrittenIds(clients.elasticsearch).removeExtraCopies(...about),
  });

  const ingestService = createIngestService({
    sentBefore,
    now,
    bulk,
    settings,
    ensureTemplate,
    deadLetters: () => clients.deadLetters,
    declarations: () => (allSourcesRead(loop.memory) ? declarationsInForce(loop.memory) : null),
  });

  const declarationService = createDeclarationService({
    now,
    random,
    withStore,
    configPath,
    memory: () => loop.memory,
    configError: () => loop.last?.sources.config.error ?? null,
    topics: () => pool.observed().keys(),
    excluded: () => loop.last?.excluded ?? [],
    readEtcd: (wanted, signal) => core.etcd.read(wanted, signal),
    preview: (asIf) =>
      loop.run({ reason: "preview", dryRun: true, acceptEtcd: false, expectedHash: null, asIf }),
  });

  const trials = createTrialService({
    now,
    openReader,
    settings,
    declarations: () => declarationsInForce(loop.memory),
    client: trialClient,
  });

  const history = createHistory();
  const hosts = createHostFleet({ ...core, history });
  const currentOwners = (topic: string) => hosts.fleet.currentOwners(topic);
  const recordService = createRecordService({
    now,
    logger,
    openReader,
    settings,
    sentBefore,
    currentOwners,
    elasticsearch: clients.questions,
    pool,
    openWire: (kafka) => core.openWire(kafka),
    inTurn: (decode) => flow.turns.alone(decode),
    surveyFailureStores: (targets, signal) => failureStores.survey(targets, signal),
  });

  const rebuilds = createHostRebuilds(core);
  const withRebuild = (topic: HeldTopic): ListedTopic => ({ ...topic, rebuild: rebuilds.of(topic.topic) });
  const listed = async () => (await holdings.listAll(() => pool.statuses())).map(withRebuild);
  const topicService = createTopicService({ pool, loop, listed, logger, links: core.links, currentOwners });
  const healthOf = (topics: readonly TopicStatus[]) =>
    health({
      now: now(),
      startedAt,
      sources: reporter.sources(settings().etcd !== null),
      kafka: withGroup(monitor.kafka, flow.trouble),
      elasticsearch: monitor.elasticsearch,
      topics,
    });

  const live = createLive({
    history,
    now,
    about: core.self.profile,
    loop,
    reporter,
    configPath,
    failures: core.failures,
    monotonicMs: options.monotonicMs,
    topics: () => pool.statuses(),
    owners: (topic) => hosts.fleet.owners(topic),
    listed: (statuses) => holdings.listed(statuses).map(withRebuild),
    figures: () => pool.figures(),
    health: healthOf,
    inFlightBytes: () => flow.budget.usedBytes,
  });

  return {
    http: {
      logger,
      now,
      live,
      fleet: hosts.fleet,
      peers: hosts.peers,
      history: core.history,
      failures: core.failures,
      settings: () => settings().http,
      topics: listed,
      rebuild: (input, signal) => rebuilds.steer(input, signal),
      ...topicService.routes,
      consoleFiles: createConsoleFiles(),
      health: () => healthOf(pool.statuses()),
      metricsText() {
        const topics = pool.statuses();
        reporter.refresh(topics, healthOf(topics).checks, {
          inFlightBytes: flow.budget.usedBytes,
          inFlightLimitBytes: settings().kafka.inFlightMaxBytes,
          bulkConcurrency: gate.places,
        });
        return core.metrics.text();
      },
      logs: {
        tails: core.tails,
        fleetTails: hosts.tails,
        inForce,
        managed: () => settings().elasticsearch.manageTemplates,
        rebuilt: () => rebuilds.topics,
        searchText: (search, signal) => searchText(clients.elasticsearch, search, signal),
        fieldCaps: (indices, fields, signal) => fieldCaps(clients.elasticsearch, indices, fields, signal),
        surveyFailureStores: (targets, signal) => failureStores.survey(targets, signal),
        newMarker: options.newMarker,
      },
      kafka: recordService,
      replays: deadLetterService.replays,
      digest: (topic) => deadLetterService.digest(topic),
      letters: deadLetterService.letters,
      mendings: deadLetterService.mendings,
      ingest: (batches, signal) => ingestService.ingest(batches, signal),
      ingestRefusal: () => ingestService.ingestRefusal(),
      reconcile: (wanted) => loop.run(wanted),
      hold: createHoldService({ now, pool, watch: core.holds.watch }),
      rewind: createRewindService({
        now,
        pool,
        watch: core.rewinder.watch,
        rebuilds: () => clients.orders("rebuilds"),
        group: () => settings().kafka.group,
        openOffsets: () => clients.openOffsets(),
      }),
      declarations: declarationService,
      trials,
    },
    async stop() {
      live.stop();
      declarationService.stop();
      const services = [deadLetterService, ingestService, trials, recordService, topicService, rebuilds];
      await Promise.all([...services, ignored, holdings, hosts.fleet].map((one) => one.stop()));
    },
  };
}

/** The config file was read, or there would be no host. */
function allSourcesRead({ settings, etcd }: ReconcileMemory): boolean {
  return settings.etcd === null || etcd !== null;
}
