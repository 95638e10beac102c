import type { Measurement } from "../measurement.ts";
import { measureReload, RELOAD_SINCE } from "../reload-rounds.ts";
import { OURS, type Scene } from "./scene.ts";

const AIMS: Readonly<Record<string, number>> = { [RELOAD_SINCE.etcd]: 250, [RELOAD_SINCE.there]: 150 };

/** How soon a topic that is declared while the host runs is moved. */
export const reload: Scene = {
  name: "reload",
  about:
    "from a declaration to the new topic's first document, beside a busy topic; more in bun run bench:reload",
  async run({ stack, quick, progress }, signal) {
    const rounds = quick ? 4 : 15;
    progress(`reload: ${rounds} new topics in each way`, 0);
    const { times } = await measureReload(stack, rounds, signal);
    return times.map(({ since, ms }): Measurement => {
      const aim = AIMS[since];
      return {
        what: "to the first document",
        who: OURS,
        figure: since,
        unit: "ms",
        values: ms,
        aim: aim !== undefined ? { atMost: aim } : undefined,
      };
    });
  },
};
