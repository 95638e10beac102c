import {
  readRecords,
  type ReadRecordsInput,
  type ReadRecordsResult,
} from "../../../../functions/read-records.ts";
import { readStretch } from "../../../../lib/adapters/kafka/inspection/read-stretch.ts";
import type { KafkaWire } from "../../../../lib/adapters/kafka/protocol/wire.ts";
import { createKafkaOffsets } from "../../../../lib/adapters/kafka/queries/offsets.ts";
import { createKafkaDecoder } from "../../../../lib/adapters/kafka/records/kafka-decoder.ts";
import { hostStopping, PenstockError } from "../../../../lib/rules/base/errors.ts";
import type { Logger } from "../../../../lib/rules/base/logger.ts";
import type { KafkaSettings } from "../../../../lib/rules/model/settings.ts";

/** Shows what lies in Kafka. */
export interface RecordService {
  /**
   * @param signal aborted if the client disconnects
   * @throws PenstockError as `readRecords`; `deadline_exceeded`, or `stopping` if the host stops first
   */
  records(input: ReadRecordsInput, signal: AbortSignal): Promise<ReadRecordsResult>;
  /** Ends what is under way. */
  stop(): Promise<void>;
}

export interface RecordServiceDeps {
  /** The current settings. */
  kafka(): KafkaSettings;
  /** Connections that nobody else uses. */
  openWire(kafka: KafkaSettings): KafkaWire;
  readonly logger: Logger;
}

const ANSWER_MS = 10_000;

export function createRecordService(deps: RecordServiceDeps): RecordService {
  const life = new AbortController();
  const underWay = new Set<Promise<unknown>>();

  /** Within the time limit, over connections of its own that are closed at the end. */
  async function asked<T>(
    signal: AbortSignal,
    ask: (wire: KafkaWire, until: AbortSignal) => Promise<T>,
  ): Promise<T> {
    life.signal.throwIfAborted();
    const late = AbortSignal.timeout(ANSWER_MS);
    const wire = deps.openWire(deps.kafka());
    const asking = (async () => {
      try {
        return await ask(wire, AbortSignal.any([life.signal, signal, late]));
      } finally {
        await wire.close();
      }
    })();
    underWay.add(asking);
    try {
      return await asking;
    } catch (cause) {
      life.signal.throwIfAborted();
      if (!late.aborted) throw cause;
      const reason = `Kafka did not answer within ${ANSWER_MS / 1_000} s`;
      throw new PenstockError("deadline_exceeded", reason, { retryable: true, cause });
    } finally {
      underWay.delete(asking);
    }
  }

  return {
    records: (input, signal) =>
      asked(signal, (wire, until) => {
        const decoder = createKafkaDecoder({ maxBatchBytes: deps.kafka().maxBatchBytes });
        const offsets = createKafkaOffsets(deps.kafka(), deps.logger, wire);
        return readRecords(input, {
          readStretch: (wanted) => readStretch(wanted, { wire, decoder }, until),
          offsetsAt: (topic, atMs) => offsets.at(topic, atMs, until),
        });
      }),
    async stop() {
      life.abort(hostStopping());
      await Promise.allSettled(underWay);
    },
  };
}
