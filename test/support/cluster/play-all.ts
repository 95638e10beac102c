import { OURS } from "../../../infra/bench/kit/measurement.ts";
import { messageOf } from "../../../lib/rules/base/errors.ts";
import { clusterTable, problemsOf } from "./report.ts";
import { type ClusterRow, playClusterScene, type Scenario, type SceneSize } from "./scene.ts";
import type { ClusterWorld } from "./world.ts";

export interface PlayAllOptions {
  readonly size: SceneSize;
  readonly seed: number;
  /** The checkouts whose hosts are tested, each with name and folder; undefined for this one. */
  readonly checkouts: ReadonlyMap<string, string | undefined>;
}

/**
 * Plays each scenario with the hosts of each checkout, and prints a table. If one cannot finish, it is a problem, and the next one begins.
 * @returns whether this checkout's hosts had no problem
 */
export async function playAll(
  world: ClusterWorld,
  scenarios: readonly Scenario[],
  { size, seed, checkouts }: PlayAllOptions,
): Promise<boolean> {
  const rows: ClusterRow[] = [];
  const problems: { readonly who: string; readonly text: string }[] = [];
  for (const scenario of scenarios) {
    for (const [who, checkout] of checkouts) {
      process.stdout.write(`${scenario.name}, ${who}: ${scenario.about}\n`);
      const note = (problem: string): void => {
        problems.push({ who, text: `${scenario.name}, ${who}: ${problem}\n` });
        process.stdout.write(`  ${problem}\n`);
      };
      try {
        const row = await playClusterScene(world, scenario, { size, seed, who, checkout });
        rows.push(row);
        process.stdout.write(`  ${row.records} records, stood still ${Math.round(row.stillnessMs)} ms\n`);
        for (const problem of problemsOf(row)) note(problem);
      } catch (error) {
        note(`it could not be finished: ${messageOf(error)}`);
      }
      await world.heal();
    }
  }
  const table = rows.length > 0 ? clusterTable(rows) : "";
  process.stdout.write(`\n${table}${problems.map(({ text }) => text).join("")}seed ${seed}\n`);
  return problems.every(({ who }) => who !== OURS);
}
