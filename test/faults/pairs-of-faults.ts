import { describe, test } from "bun:test";
import { drawFault } from "../support/faults/random-fault.ts";
import { seededRandom } from "../../infra/bench/kit/random.ts";
import type { Play } from "./play.ts";

const PAIRS = 3;
const REPLICAS = 2;

/** Two faults in a row, the second before recovery from the first. */
export function describePairsOfFaults(play: Play, seed: number): void {
  const random = seededRandom(seed);
  describe("two faults in a row", () => {
    for (let pair = 0; pair < PAIRS; pair += 1) {
      const first = drawFault(random, REPLICAS, [2, 6]);
      const second = drawFault(random, REPLICAS, [2, 6]);
      test(`${first.name}, ${second.name}`, async () => {
        await play(
          {
            fault: `${first.name}, ${second.name}`,
            replicas: REPLICAS,
            topics: [{ partitions: 4 }, { partitions: 2, format: "json", poisonEvery: 997 }],
            requestTimeout: "5s",
          },
          async (stage) => {
            await first.inflict(stage);
            await second.inflict(stage);
          },
        );
      }, 1_200_000);
    }
  });
}
