import { systemTime } from "../../../lib/adapters/system/system-time.ts";
import type { ThrottledLogger } from "../../../lib/adapters/log/log-throttle.ts";
import { sourceText } from "../../../lib/rules/diagnosis/declarations.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";
import type { Settings } from "../../../lib/rules/model/settings.ts";
import { throwRefused } from "../../../lib/rules/template/index-template.ts";
import type { BulkGate } from "../bulks/bulk-gate.ts";
import type { PositionMover } from "../orders/rewinder.ts";
import type { Clients } from "../reconcile/clients.ts";
import type { ConsumerPool } from "../topic/consumer-pool.ts";
import { createRebuilds, type Rebuilds, type RebuildsDeps } from "./rebuilds.ts";

/** The parts of a host that rebuilds need. */
export interface RebuildHost extends Pick<RebuildsDeps, "openWire"> {
  readonly options: Pick<RebuildsDeps["time"], "now" | "monotonicMs" | "random"> & {
    readonly logger: Logger;
    readonly newMarker: () => string;
  };
  readonly failures: ThrottledLogger;
  readonly clients: Clients;
  readonly flow: {
    readonly pool: ConsumerPool;
    readonly gate: BulkGate;
    readonly mover: Pick<PositionMover, "isOurs">;
  };
  settings(): Settings;
}

/** The rebuilds of a host. */
export function createHostRebuilds(host: RebuildHost): Rebuilds {
  const { options, clients } = host;
  const { pool, gate, mover } = host.flow;
  const bulkSettings = () => host.settings().elasticsearch.bulk;
  return createRebuilds({
    logger: options.logger,
    failures: host.failures,
    time: {
      ...systemTime,
      now: () => options.now(),
      monotonicMs: () => options.monotonicMs(),
      random: () => options.random(),
    },
    newId: () => options.newMarker(),
    orders: (kind) => clients.orders(kind),
    elasticsearch: () => clients.elasticsearch,
    deadLetters: () => clients.deadLetters,
    openWire: (kafka) => host.openWire(kafka),
    settings: () => ({ kafka: host.settings().kafka, bulk: bulkSettings() }),
    topics: () => pool.statuses(),
    isOurs: (...place) => mover.isOurs(...place),
    async ensureTemplate(index, signal) {
      throwRefused(await clients.elasticsearch.ensureTemplate([index], signal), index);
    },
    placeOf(topic) {
      const source = pool.observed().get(topic)?.sources[0];
      return source === undefined ? "declared nowhere" : sourceText(source);
    },
    load() {
      const { maxDocuments, concurrency } = bulkSettings();
      const lag = pool.figures().reduce((sum, topic) => sum + (topic.lag ?? 0), 0);
      return { lag, inFlight: maxDocuments * concurrency, isRefused: gate.places < concurrency };
    },
  });
}
