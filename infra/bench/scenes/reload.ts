import { type Measurement, OURS } from "../measurement.ts";
import { measureReload, RELOAD_SINCE } from "../reload-rounds.ts";
import type { Scene } from "./scene.ts";

const AIMS: Readonly<Record<string, number>> = { [RELOAD_SINCE.etcd]: 250, [RELOAD_SINCE.there]: 150 };

/** How soon a topic that is declared while the host runs is moved. */
export const reload: Scene = {
  name: "reload",
  about:
    "from a declaration to the new topic's first document, beside a busy topic; more in bun run bench:reload",
  async run({ stack, broker, quick, checkouts, progress }, signal) {
    const rounds = quick ? 4 : 15;
    const measurements: Measurement[] = [];
    for (const [n, [who, checkout]] of [...checkouts].entries()) {
      progress(`reload: ${rounds} new topics in each way, ${who}`, n / checkouts.size);
      const { times } = await measureReload(stack, broker, { rounds, run: `run${n}-`, checkout }, signal);
      for (const { since, ms } of times) {
        const aim = who === OURS ? AIMS[since] : undefined;
        measurements.push({
          what: "to the first document, group.initial.rebalance.delay.ms 0",
          who: since === RELOAD_SINCE.alone ? "Elasticsearch" : who,
          figure: since,
          unit: "ms",
          values: ms,
          aim: aim === undefined ? undefined : { atMost: aim },
        });
      }
    }
    return measurements;
  },
};
