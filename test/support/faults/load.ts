import { Kafka, logLevel, Partitioners } from "kafkajs";

/** A topic of a scene. */
export interface TopicPlan {
  readonly topic: string;
  readonly partitions: number;
  readonly format: "text" | "json";
  /** One in this many records cannot be mapped; 0 for none. */
  readonly poisonEvery: number;
}

/**
 * - `flood`: the first records as fast as Kafka accepts them, up to a backlog limit, so that hosts are at full load when
 *   the fault happens; the rest at a fixed pace, so that a long fault does not become a test of throughput;
 * - `steady`: a number of records per second, whatever the hosts do.
 */
export type LoadRule =
  | { readonly kind: "flood"; readonly backlog: number; readonly first: number; readonly perSecond: number }
  | { readonly kind: "steady"; readonly perSecond: number };

/** Writes numbered records to the topics of a scene in turn. */
export interface Load {
  /** By topic: Kafka acknowledged every number below it at least once. */
  readonly acknowledged: ReadonlyMap<string, number>;
  /** Resolves when nothing is in flight any more. */
  stop(): Promise<void>;
}

const BATCH = 250;
const STEADY_TURN_MS = 50;
const FLOOD_PAUSE_MS = 5;
const RETRY_MS = 200;
/** About the length of an access log line. */
const FILLER = "GET /assets/app.js HTTP/1.1 200 1043 - Mozilla/5.0 (X11; Linux x86_64) ".repeat(3);

/**
 * Writes until stopped, whatever happens to Kafka: an unacknowledged batch is sent again with the same
 * numbers. Kafka may contain a number more than once, so its end offsets count. The number is the record's key.
 * @param done the number of records with an outcome
 */
export function startLoad(
  brokers: readonly string[],
  plans: readonly TopicPlan[],
  rule: LoadRule,
  done: () => number,
): Load {
  const producer = new Kafka({
    clientId: "load",
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 2_000,
    requestTimeout: 5_000,
    enforceRequestTimeout: true,
    retry: { initialRetryTime: 100, maxRetryTime: 500, retries: 2 },
  }).producer({ createPartitioner: Partitioners.DefaultPartitioner });
  const acknowledged = new Map(plans.map(({ topic }) => [topic, 0]));
  let sent = 0;
  let stopping = false;
  let connected = false;

  const send = async (plan: TopicPlan, count: number): Promise<void> => {
    const from = acknowledged.get(plan.topic) ?? 0;
    const messages = Array.from({ length: count }, (_, n) => messageOf(plan, from + n));
    while (!stopping) {
      try {
        if (!connected) await producer.connect();
        connected = true;
        await producer.send({ topic: plan.topic, messages, acks: -1 });
        acknowledged.set(plan.topic, from + count);
        sent += count;
        return;
      } catch {
        // Kafka is unreachable, as intended. The batch is sent again, whatever part of it Kafka accepted.
        await Bun.sleep(RETRY_MS);
      }
    }
  };

  const running = (async () => {
    const startedAt = performance.now();
    let floodedAt: number | null = null;
    for (let turn = 0; !stopping; turn += 1) {
      const plan = plans[turn % plans.length];
      if (plan === undefined) return;
      if (rule.kind === "flood") {
        if (sent >= rule.first) floodedAt ??= performance.now();
        const due =
          floodedAt === null
            ? Infinity
            : rule.first + ((performance.now() - floodedAt) * rule.perSecond) / 1000;
        const room = sent < due && sent - done() < rule.backlog;
        if (room) await send(plan, BATCH);
        else await Bun.sleep(FLOOD_PAUSE_MS);
        continue;
      }
      const due = ((performance.now() - startedAt) * rule.perSecond) / 1000 - sent;
      // Records delayed while Kafka was unreachable are sent later, in batches of limited size.
      if (due >= 1) await send(plan, Math.min(Math.ceil(due), 4 * BATCH));
      await Bun.sleep(STEADY_TURN_MS);
    }
  })();

  return {
    acknowledged,
    async stop() {
      stopping = true;
      await running;
      await producer.disconnect();
    },
  };
}

function messageOf(plan: TopicPlan, n: number): { partition: number; key: string; value: string } {
  const poison = plan.poisonEvery > 0 && n % plan.poisonEvery === plan.poisonEvery - 1;
  const json = JSON.stringify({ n: poison ? `poison ${n}` : n, line: FILLER });
  return {
    partition: n % plan.partitions,
    key: String(n),
    value: plan.format === "json" ? json : `record ${n} ${FILLER}`,
  };
}
