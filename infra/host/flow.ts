import { ingestBatch } from "../../functions/ingest-batch.ts";
import { createGroupMember } from "../../lib/adapters/kafka/group/create-member.ts";
import { createOpenings } from "../../lib/adapters/kafka/reader/opening.ts";
import { createReader, type Reader } from "../../lib/adapters/kafka/reader/reader.ts";
import { abortable } from "../../lib/rules/base/abortable.ts";
import { sameSettings } from "../../lib/rules/plan/accept-settings.ts";
import { readAheadBytes } from "../../lib/rules/limits/byte-share.ts";
import {
  type BulkEncoder,
  createBulkEncoder,
  createPlainEncoder,
  type PlainEncoder,
} from "../../lib/rules/bulk/encoder.ts";
import { documentId } from "../../lib/rules/documents/document-id.ts";
import { messageOf } from "../../lib/rules/base/errors.ts";
import { indexPatternOf } from "../../lib/rules/model/names.ts";
import type { KafkaSettings } from "../../lib/rules/model/settings.ts";
import { deadline } from "../../lib/rules/base/time.ts";
import { createBulkGate } from "./bulks/bulk-gate.ts";
import type { ByteBounds } from "./shares/byte-budget.ts";
import { createConsumerPool } from "./topic/consumer-pool.ts";
import type { Flow, FlowDeps, FlowSettings } from "./flow-deps.ts";
import { createBulkPost } from "./bulks/bulk-post.ts";
import { createByteBudget } from "./shares/byte-budget.ts";
import { createHostCommitter } from "./shares/committer.ts";
import { DecodeTurns } from "./shares/decode-turns.ts";
import { createIntake } from "./topic/intake.ts";
import { createPump } from "./pump/pump.ts";
import { createTopicInlets } from "./inlet/topic-inlets.ts";

/** Of the time to stop, what leaving the group and closing the connections may take. */
const LEAVE_MS = 3_500;

/** Puts together what moves records: see FlowDeps. */
export function createFlow(deps: FlowDeps): Flow {
  const { time, logger, events } = deps;
  const gate = createBulkGate(deps.settings().bulk.concurrency);
  const budget = createByteBudget(boundsOf(deps.settings()));
  const turns = new DecodeTurns();
  const post = createBulkPost({ send: deps.bulk, gate, limits: () => deps.settings().bulk, turns, time });
  let kafka = withoutBudget(deps.settings().kafka);
  /** Of the membership that there is. */
  let reader: Reader;

  const intake = createIntake({
    time,
    logger,
    join(listener) {
      const settings = deps.settings().kafka;
      const wire = deps.openWire(settings);
      const own = createReader({ wire, rack: settings.rack ?? "", time, logger });
      const member = createGroupMember({
        wire,
        groupId: settings.group,
        host: deps.host,
        listener,
        time,
        logger,
      });
      const openings = createOpenings({ member, wire, leaders: own.leaders, time });
      reader = own;
      return {
        member,
        openings,
        async close() {
          openings.close();
          await own.close();
          await wire.close();
        },
      };
    },
  });
  const committer = createHostCommitter({
    commit: (entries, signal) => intake.commit(entries, signal),
    time,
  });

  const pool = createConsumerPool({
    intake,
    time,
    keptForMs: (topic) => deps.keptForMs(topic),
    onFailed: (topic, reason, retryAtMs) => events.failed(topic, reason, retryAtMs),
    events: (topic) => events.ofTopic(topic),
    onLost: (topic, ranges) => events.lost(topic, ranges),
    onForgotten: (topic) => events.forgotten(topic),
    createInlets(order, { clock, memory, events: ofTopic, onLost }) {
      const { spec } = order.desired;
      const { topic } = spec;
      /** Made with the first record: of an idle topic nothing is kept. */
      let encoder: BulkEncoder | null = null;
      let plainEncoder: PlainEncoder | null = null;
      return createTopicInlets({
        topic,
        reader: { open: (...read) => reader.open(...read) },
        decoder: deps.createDecoder(topic),
        budget,
        turns,
        time,
        onLost,
        onGone: (tenure) => intake.reopen(tenure),
        broken: (error) => ofTopic.broken(error),
        logOf: (name, partition) => intake.logOf(name, partition),
        createPump: (share) =>
          createPump({
            clock,
            memory,
            events: ofTopic,
            post,
            committer,
            share,
            time,
            limits: () => deps.settings().bulk,
            plain: {
              pipeline: spec.pipeline,
              pattern: indexPatternOf(spec.index),
              encode: (out, records) => (plainEncoder ??= createPlainEncoder(spec))(out, records),
              idOf: (record) => documentId(topic, record),
              indexed: (records, outcomes) => events.attempted(spec, records, outcomes),
            },
            async ingest(records, { number, proven, seat }, signal) {
              const limits = deps.settings().bulk;
              const encode = (encoder ??= createBulkEncoder(spec));
              const result = await ingestBatch(
                { spec, records, attempt: number, proven, limits, encode },
                { bulk: seat.bulk, deadLetters: deps.deadLetters, now: () => time.now(), signal },
              );
              events.attempted(spec, records, result.outcomes);
              return result;
            },
          }),
      });
    },
  });

  const leave = async (): Promise<void> => {
    using limit = deadline(time, LEAVE_MS);
    try {
      await abortable(intake.leave(), limit.signal);
    } catch (error) {
      // The others wait for the session's end then; no record depends on it.
      logger.warn("the group could not be left in time", { error: messageOf(error) });
    }
    committer.close();
    post.close();
  };
  let left: Promise<void> | null = null;

  return {
    pool,
    gate,
    get trouble() {
      return intake.trouble;
    },
    get usedBytes() {
      return budget.usedBytes;
    },
    async useSettings() {
      const settings = deps.settings();
      gate.resize(settings.bulk.concurrency);
      budget.resize(boundsOf(settings));
      const wanted = withoutBudget(settings.kafka);
      if (sameSettings(wanted, kafka)) return;
      kafka = wanted;
      await intake.renew();
    },
    async stop(drainMs) {
      intake.beginLeaving();
      const unclean = await pool.stopAll(drainMs);
      await (left ??= leave());
      return unclean;
    },
  };
}

function boundsOf({ kafka, bulk }: FlowSettings): ByteBounds {
  return { maxBytes: kafka.inFlightMaxBytes, readAhead: readAheadBytes(bulk) };
}

/** The bound of memory is the host's own: no connection has to do with it. */
function withoutBudget(kafka: KafkaSettings): object {
  const { inFlightMaxBytes: _inFlightMaxBytes, ...rest } = kafka;
  return rest;
}
