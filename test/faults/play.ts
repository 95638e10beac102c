import { afterAll, afterEach, beforeAll } from "bun:test";
import { expectExactlyOnce } from "../support/faults/expect-exactly-once.ts";
import type { Replica } from "../support/faults/replica.ts";
import { playScene, type Scene, type SceneOptions, type SceneResult } from "../support/faults/scene.ts";
import { type FaultRow, tableOf } from "../support/faults/table.ts";
import { type FaultWorld, startFaultWorld } from "../support/faults/world.ts";

/** A scene with its hosts. */
export type Stage = Omit<Scene, "replicas"> & { readonly replicas: readonly [Replica, ...Replica[]] };

/** Plays a scene in the world of these tests, expects every record exactly once, and adds its row to the table. */
export type Play = (options: SceneOptions, inflict: (stage: Stage) => Promise<void>) => Promise<SceneResult>;

/** The seed of random choices. */
export const seed = Number(process.env["PENSTOCK_SEED"] ?? Date.now() % 1_000_000);

/**
 * Servers for the tests of a file, and the table of their scenes at its end.
 * @param lanes the number of concurrent hosts; further scenes wait for one to end
 */
export function useFaultWorld(lanes: number): Play {
  const rows: FaultRow[] = [];
  let world: FaultWorld | undefined;
  const demand = (): FaultWorld => {
    if (world === undefined) throw new Error("the servers were not started");
    return world;
  };

  beforeAll(async () => {
    world = await startFaultWorld(lanes);
  }, 720_000);
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
    process.stdout.write(`\n${tableOf(rows)}seed: PENSTOCK_SEED=${seed}\n`);
  }, 240_000);
  // A server that a failed test left frozen or dead would fail all later ones.
  afterEach(() => demand().heal(), 180_000);

  return async (options, inflict) => {
    const result = await playScene(demand(), options, (scene) => inflict(scene as Stage));
    rows.push(result.row);
    try {
      expectExactlyOnce(result);
    } catch (error) {
      throw new Error(`${options.fault}, with PENSTOCK_SEED=${seed}`, { cause: error });
    }
    return result;
  };
}
