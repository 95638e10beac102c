import { bootStack } from "../../stack/boot.ts";
import { type BenchBroker, openBroker } from "../load/broker.ts";
import { type Measurement, OURS } from "../kit/measurement.ts";
import { measureReload, RELOAD_SINCE, type ReloadWay } from "../trials/reload-rounds.ts";
import type { Scene, SceneContext } from "../trials/scene.ts";

/** Kafka's default `group.initial.rebalance.delay.ms`. */
const KAFKAS_DELAY_MS = 3_000;

interface ReloadRun {
  readonly delayMs: number;
  readonly broker: BenchBroker;
  readonly ways?: readonly ReloadWay[];
  readonly aims: Readonly<Record<string, number>>;
}

/** How soon a topic declared while the host runs is moved. */
export const reload: Scene = {
  name: "reload",
  about: "from a declaration to the new topic's first document, beside a busy topic",
  async run(context, signal) {
    const quickest = await measure(
      {
        delayMs: 0,
        broker: context.broker,
        aims: { [RELOAD_SINCE.etcd]: 250, [RELOAD_SINCE.there]: 150 },
      },
      context,
      signal,
    );
    context.progress("reload: booting a broker with Kafka's default delay", 0.5);
    await using other = await bootStack({
      elasticsearch: false,
      etcd: false,
      groupRebalanceDelayMs: KAFKAS_DELAY_MS,
      signal,
    });
    await using usual = await openBroker(other.kafka.brokers);
    const byDefault = await measure(
      {
        delayMs: KAFKAS_DELAY_MS,
        broker: usual,
        ways: ["etcd", "there"],
        aims: { [RELOAD_SINCE.etcd]: 300, [RELOAD_SINCE.there]: 150 },
      },
      context,
      signal,
    );
    return [...quickest, ...byDefault];
  },
};

async function measure(
  { delayMs, broker, ways, aims }: ReloadRun,
  { stack, quick, checkouts, progress }: SceneContext,
  signal: AbortSignal,
): Promise<Measurement[]> {
  const rounds = quick ? 4 : 15;
  const measurements: Measurement[] = [];
  for (const [n, [who, checkout]] of [...checkouts].entries()) {
    progress(`reload: ${rounds} new topics each way, delay ${delayMs} ms, ${who}`, n / checkouts.size);
    const run = { broker, stack, rounds, run: `run${delayMs}-${n}-`, checkout, ...(ways && { ways }) };
    for (const { since, ms } of await measureReload(run, signal)) {
      const aim = who === OURS ? aims[since] : undefined;
      measurements.push({
        what: `to the first document, group.initial.rebalance.delay.ms ${delayMs}`,
        who: since === RELOAD_SINCE.alone ? "Elasticsearch" : who,
        figure: since,
        unit: "ms",
        values: ms,
        aim: aim === undefined ? undefined : { atMost: aim },
      });
    }
  }
  return measurements;
}
