import { ingestBatch, type IngestBatchDeps } from "../../functions/ingest-batch.ts";
import type { SentRecords } from "../../lib/adapters/elasticsearch/sent/sent-records.ts";
import { SentBefore } from "../../lib/adapters/elasticsearch/sent/sent-before.ts";
import { createSettling } from "../../lib/adapters/elasticsearch/sent/settling.ts";
import type { GroupTrouble } from "../../lib/adapters/kafka/group/member/member.ts";
import { createGroupMember } from "../../lib/adapters/kafka/group/create-member.ts";
import type { KafkaWire } from "../../lib/adapters/kafka/protocol/wire.ts";
import type { RecordDecoder } from "../../lib/adapters/kafka/records/record-decoder.ts";
import { createOpenings } from "../../lib/adapters/kafka/reader/opening.ts";
import { createReader } from "../../lib/adapters/kafka/reader/reader.ts";
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
import { templateKeyOf } from "../../lib/rules/template/template-target.ts";
import type { Specification } from "../../lib/rules/model/declaration.ts";
import type { OutcomeKind, SourceRecord } from "../../lib/rules/model/record.ts";
import type { BulkSettings, KafkaSettings } from "../../lib/rules/model/settings.ts";
import type { Logger } from "../../lib/rules/base/logger.ts";
import type { HoldOrder } from "../../lib/rules/progress/hold.ts";
import { deadline, type Time } from "../../lib/rules/base/time.ts";
import { type BulkGate, createBulkGate } from "./bulks/bulk-gate.ts";
import { createBulkPost } from "./bulks/bulk-post.ts";
import type { SendBulk } from "./bulks/bulk-requests.ts";
import { type ByteBounds, type ByteBudget, createByteBudget } from "./shares/byte-budget.ts";
import { type ConsumerPool, createConsumerPool } from "./topic/consumer-pool.ts";
import type { RunnerDeps } from "./topic/runner-deps.ts";
import type { PoolEvents } from "./topic/topic-events.ts";
import { createHostCommitter } from "./shares/committer.ts";
import { DecodeTurns } from "./shares/decode-turns.ts";
import { createIntake } from "./topic/intake.ts";
import type { HostIdentity } from "./fleet/identity.ts";
import { createPump } from "./pump/pump.ts";
import { createPositionMover, type PositionMover } from "./orders/rewinder.ts";
import { createPlaceNotes } from "./inlet/place-notes.ts";
import { createSentLookUp } from "./inlet/sent-look-up.ts";
import { createTopicInlets } from "./inlet/topic-inlets.ts";

export interface FlowDeps {
  /** Opens the way to the brokers of these settings. Called again for other settings; the flow closes it. */
  openWire(kafka: KafkaSettings): KafkaWire;
  createDecoder(topic: string): RecordDecoder;
  readonly bulk: SendBulk;
  readonly deadLetters: IngestBatchDeps["deadLetters"];
  /** What earlier requests have left in Elasticsearch. */
  readonly sent: SentRecords;
  readonly time: Time;
  readonly logger: Logger;
  readonly host: HostIdentity;
  /** The current settings, read on every use; `useSettings` announces a change. */
  settings(): { readonly kafka: KafkaSettings; readonly bulk: BulkSettings };
  /** Kafka's retention of the topic; null: unknown. */
  keptForMs(topic: string): number | null;
  /** The names that remedies need. */
  names: RunnerDeps["names"];
  /** Whether a person ordered to move the group's position there, and that is not done yet. */
  isToMove(topic: string, partition: number): boolean;
  /** What a person ordered last about the topic; null: nothing. */
  holdOrder(topic: string): HoldOrder | null;
  readonly events: PoolEvents;
}

/** Gets every attempt's outcomes, by position; null: retried. Must not throw. */
export type AttemptListener = (
  spec: Specification,
  records: readonly SourceRecord[],
  outcomes: readonly (OutcomeKind | null)[],
) => void;

/** What moves a host's records. Its parts know neither HTTP nor etcd nor files. */
export interface Flow {
  /** Starts, replaces and stops topics. Nothing is read before the first start. */
  readonly pool: ConsumerPool;
  readonly mover: PositionMover;
  /** Why no topic is read; null: the group is joined, or need not be. */
  readonly trouble: GroupTrouble | null;
  readonly budget: Pick<ByteBudget, "usedBytes">;
  readonly gate: BulkGate;
  /** Whoever decodes records takes turns with the topics. */
  readonly turns: Pick<DecodeTurns, "alone">;
  /** Shows every attempt to this listener, in place of the one before. */
  tap(listener: AttemptListener): void;
  /**
   * Applies changed settings. Other Kafka settings mean: finish and commit what is in flight, leave the group and join
   * it again, for all topics together.
   */
  useSettings(): Promise<void>;
  /**
   * Stops fetching, finishes and commits what is in flight for at most `drainMs`, leaves the group, closes the
   * connections. Called again while it stops, the shorter time counts.
   * @returns the topics with uncommitted records
   */
  stop(drainMs: number): Promise<string[]>;
}

/** Time limit for leaving the group and closing the connections, within the time to stop. */
const LEAVE_MS = 3_500;

export function createFlow(deps: FlowDeps): Flow {
  const { time, logger, events } = deps;
  const gate = createBulkGate(deps.settings().bulk.concurrency);
  const budget = createByteBudget(boundsOf(deps.settings()));
  const turns = new DecodeTurns();
  const post = createBulkPost({
    send: deps.bulk,
    gate,
    limits: () => deps.settings().bulk,
    turns,
    time,
    checkTenures() {
      const { member } = intake.membership;
      member.check();
      return member.isSure;
    },
  });
  const settling = createSettling({ sent: deps.sent, time, logger });
  let kafka = withoutBudget(deps.settings().kafka);
  let attempted: AttemptListener = () => {};

  const intake = createIntake({
    isToMove: ({ topic, partition }) => deps.isToMove(topic, partition),
    time,
    logger,
    join(listener) {
      const settings = deps.settings().kafka;
      const wire = deps.openWire(settings);
      const reader = createReader({ wire, rack: settings.rack ?? "", time, logger });
      const member = createGroupMember({
        wire,
        groupId: settings.group,
        host: deps.host.id,
        profile: deps.host.profile,
        listener,
        time,
        logger,
      });
      const openings = createOpenings({ member, wire, leaders: reader.leaders, time });
      return {
        member,
        openings,
        reader,
        async close() {
          openings.close();
          await reader.close();
          await wire.close();
        },
      };
    },
  });
  const committer = createHostCommitter({
    commit: (entries, signal) => intake.membership.member.commit(entries, signal),
    time,
  });

  const life = new AbortController();
  const notes = createPlaceNotes(
    (entries, signal) => intake.membership.member.commit(entries, signal),
    time,
    life.signal,
  );

  const pool = createConsumerPool({
    intake,
    time,
    events,
    keptForMs: (topic) => deps.keptForMs(topic),
    names: () => deps.names(),
    holdOrder: (topic) => deps.holdOrder(topic),
    createInlets(order, { clock, memory, events: ofTopic, onLost, path }) {
      const { spec } = order.desired;
      const { topic } = spec;
      /** Created with the first record, to keep idle topics small, and again for another path. */
      let encoder: BulkEncoder | null = null;
      let plainEncoder: PlainEncoder | null = null;
      let latest = spec;
      const specNow = (): Specification => {
        if (latest.path === path()) return latest;
        [encoder, plainEncoder] = [null, null];
        return (latest = { ...latest, path: path() });
      };
      const before = new SentBefore(spec, { sent: deps.sent, settling, logger });
      const encodePlain: PlainEncoder = (out, records) => {
        const start = out.length;
        const now = specNow();
        const indices = (plainEncoder ??= createPlainEncoder(now, before.indices ?? undefined))(out, records);
        // An attempt of its own asks which indices the topic may have.
        if (before.indices?.isOpen !== true) return indices;
        out.truncate(start);
        return null;
      };
      const attempt: AttemptListener = (...told) => {
        before.wrote();
        attempted(...told);
      };
      return createTopicInlets({
        lookUp: createSentLookUp({ before, notes, time }),
        reader: { open: (...read) => intake.membership.reader.open(...read) },
        decoder: deps.createDecoder(topic),
        budget,
        turns,
        time,
        onLost,
        onGone: (tenure) => intake.reopen(tenure),
        broken: (error) => ofTopic.broken(error),
        logOf: (name, partition) => intake.membership.openings.logOf(name, partition),
        createPump: (share) =>
          createPump({
            clock,
            memory,
            before,
            events: ofTopic,
            post,
            committer,
            share,
            time,
            limits: () => deps.settings().bulk,
            plain: {
              pipeline: spec.pipeline,
              pattern: templateKeyOf(spec),
              encode: encodePlain,
              idOf: (record) => documentId(topic, record),
              indexed: (records, outcomes) => attempt(specNow(), records, outcomes),
            },
            async ingest(records, { number, proven, doubt, bulk }, signal) {
              const limits = deps.settings().bulk;
              const spec = specNow();
              const encode = (encoder ??= createBulkEncoder(spec, "own", before.indices ?? undefined));
              const result = await ingestBatch(
                { spec, records, attempt: number, proven, doubt, limits, encode },
                { bulk, sent: before, deadLetters: deps.deadLetters, now: () => time.now(), signal },
              );
              attempt(spec, records, result.outcomes);
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
      // The other members then wait for the session timeout; no record depends on it.
      logger.warn("the group could not be left in time", { error: messageOf(error) });
    }
    committer.close();
    life.abort(new Error("the host is stopping"));
    post.close();
    settling.close();
  };
  let left: Promise<void> | null = null;

  return {
    pool,
    mover: createPositionMover({ intake, committer, logger }),
    gate,
    turns,
    get trouble() {
      return intake.membership.member.trouble;
    },
    budget,
    tap(listener) {
      attempted = listener;
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

function boundsOf({ kafka, bulk }: ReturnType<FlowDeps["settings"]>): ByteBounds {
  return { maxBytes: kafka.inFlightMaxBytes, readAhead: readAheadBytes(bulk) };
}

/** The memory limit concerns the host alone: changing it must not reopen connections. */
function withoutBudget(kafka: KafkaSettings): object {
  const { inFlightMaxBytes: _inFlightMaxBytes, ...rest } = kafka;
  return rest;
}
