import { type Measurement, OURS } from "../kit/measurement.ts";
import { percentile } from "../kit/median.ts";
import { measureRollout, type RolloutWay } from "../trials/rollout.ts";
import type { Scene } from "../trials/scene.ts";

/** Like the topics of a platform: some large, some with one partition. */
const PARTITIONS = [3, 3, 4, 4, 6, 6, 1, 1, 1, 1, 1, 1];
const REPLICAS = 2;
const PER_SECOND = 2_000;
const LONGEST_MS = 5_000;
/** For the partitions of a killed host. */
const KILLED_MS = 8_000;
/** About as long as one step. */
const QUIET_MS = 15_000;

const WAYS: Readonly<Record<RolloutWay, string>> = {
  surge: "the new one first",
  gap: "the old one first",
  kill: "the old one is killed",
};

/** How long partitions stand still while every host is replaced. */
export const rollout: Scene = {
  name: "rollout",
  about:
    "two hosts under load are replaced one after the other, or killed: how long each partition stands still",
  async run({ stack, broker, quick, checkouts, progress }, signal) {
    const ways: readonly RolloutWay[] = quick
      ? ["surge", "kill"]
      : ["surge", "gap", "kill", "surge", "gap", "kill"];
    const measurements: Measurement[] = [];
    for (const [n, [who, checkout]] of [...checkouts].entries()) {
      const topics = PARTITIONS.map((partitions, at) => ({ topic: `rollout-${n}-${at}`, partitions }));
      for (const { topic, partitions } of topics) await broker.createTopics([topic], partitions);
      const found = await measureRollout(
        {
          brokers: broker.brokers,
          elasticsearchNode: stack.elasticsearch.node,
          producer: broker.producer,
          topics,
          recordsPerSecond: PER_SECOND,
          group: `rollout${n}`,
          replicas: REPLICAS,
          ways,
          quietMs: QUIET_MS,
          settleMs: 2_000,
          checkout,
        },
        signal,
        (text) => progress(`rollout: ${who}, ${text}`, n / checkouts.size),
      );
      const sent = [...found.sent.values()].reduce((sum, count) => sum + count, 0);
      if (found.created !== sent) throw new Error(`${sent} records became ${found.created} documents`);
      const still = { median: 0.5, "95 %": 0.95, longest: 1 };
      for (const way of new Set(ways)) {
        const steps = found.steps.filter((step) => step.way === way);
        const what = `${REPLICAS} hosts, ${PER_SECOND.toLocaleString("en-US")} records/s, ${WAYS[way]}`;
        for (const [figure, share] of Object.entries(still)) {
          measurements.push({
            what,
            who,
            figure: `a partition stands still, ${figure}`,
            unit: "ms",
            values: steps.map(({ standstillsMs }) => percentile(standstillsMs, share)),
            aim: who === OURS && share === 1 && way !== "kill" ? { atMost: LONGEST_MS } : undefined,
          });
        }
        // Twice the longest gap while nothing happens: with so few gaps, the longest is chance.
        const keptAim = way === "kill" ? undefined : 2 * percentile(found.quietMs, 1);
        const add = (
          figure: string,
          unit: Measurement["unit"],
          values: readonly number[],
          atMost?: number,
        ): void =>
          void measurements.push({
            what,
            who,
            figure,
            unit,
            values,
            aim: who === OURS && atMost !== undefined ? { atMost } : undefined,
          });
        add("while nothing happens, longest", "ms", [percentile(found.quietMs, 1)]);
        add(
          "one whose owner stays, longest",
          "ms",
          steps.flatMap(({ keptMs }) => (keptMs.length > 0 ? [percentile(keptMs, 1)] : [])),
          keptAim,
        );
        add(
          "one of the host that goes, longest",
          "ms",
          steps.map(({ leftMs }) => percentile(leftMs, 1)),
          way === "kill" ? KILLED_MS : undefined,
        );
        add(
          "records behind, at most",
          "records",
          steps.map(({ lagPeak }) => lagPeak),
        );
        add(
          "until nothing lags, once both are done",
          "ms",
          steps.map(({ backAfterMs }) => backAfterMs),
        );
        add(
          "documents sent again",
          "records",
          steps.map(({ duplicates }) => duplicates),
        );
        if (way !== "kill")
          add("exit code, highest", "", [Math.max(...steps.map(({ exitCode }) => exitCode))], 0);
        add(
          "the new one is ready after",
          "ms",
          steps.map(({ readyAfterMs }) => readyAfterMs),
        );
        add(
          "the old one is gone after",
          "ms",
          steps.map(({ exitAfterMs }) => exitAfterMs),
        );
      }
    }
    return measurements;
  },
};
