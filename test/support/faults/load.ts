import { Kafka, logLevel, Partitioners } from "kafkajs";

/** A topic of a scene. */
export interface TopicPlan {
  readonly topic: string;
  readonly partitions: number;
  readonly format: "text" | "json";
  /** One record in so many cannot be mapped; 0: none. */
  readonly poisonEvery: number;
}

/**
 * - `flood`: the first ones as fast as Kafka takes them, a bounded backlog ahead of the hosts, so that they are at full load when
 *   the fault happens; further ones at a pace, so that a fault that takes long does not become a test of throughput;
 * - `steady`: so many records a second, whatever the hosts do.
 */
export type LoadRule =
  | { readonly kind: "flood"; readonly backlog: number; readonly first: number; readonly perSecond: number }
  | { readonly kind: "steady"; readonly perSecond: number };

/** Numbered records on their way into the topics of a scene, in turns. */
export interface Load {
  /** By topic: every number below it was acknowledged by Kafka at least once. */
  readonly acknowledged: ReadonlyMap<string, number>;
  /** Resolves when nothing is on its way any more. */
  stop(): Promise<void>;
}

const BATCH = 250;
const STEADY_TURN_MS = 50;
const FLOOD_PAUSE_MS = 5;
const RETRY_MS = 200;
/** About as long as a line of an access log. */
const FILLER = "GET /assets/app.js HTTP/1.1 200 1043 - Mozilla/5.0 (X11; Linux x86_64) ".repeat(3);

/**
 * Writes until stopped, through whatever happens to Kafka: a batch that is not acknowledged is sent again under the same
 * numbers. So Kafka may hold a number more than once, and its end offsets are what counts; the number is the record's key.
 * @param done how many records have an outcome
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
        // Kafka is away, which is what these tests are about; whatever it took of the batch, it is sent again.
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
      // What was not sent while Kafka was away is made up for in batches that are not too large.
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
