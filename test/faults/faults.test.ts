import { afterAll, afterEach, beforeAll } from "bun:test";
import { expectExactlyOnce } from "../support/faults/expect-exactly-once.ts";
import { playScene } from "../support/faults/scene.ts";
import { type FaultRow, tableOf } from "../support/faults/table.ts";
import { type FaultWorld, startFaultWorld } from "../support/faults/world.ts";
import { describeConnectionFaults } from "./connection-faults.ts";
import { describeDeclarationFaults } from "./declaration-faults.ts";
import { describeHostFaults } from "./host-faults.ts";
import type { Play, Stage } from "./play.ts";
import { describePairsOfFaults } from "./pairs-of-faults.ts";
import { describeReplicaFaults } from "./replica-faults.ts";
import { describeServerFaults } from "./server-faults.ts";

/** As many hosts at once; further scenes wait for one to end. */
const LANES = 6;

const seed = Number(process.env["PENSTOCK_SEED"] ?? Date.now() % 1_000_000);
const rows: FaultRow[] = [];
let world: FaultWorld;

const play: Play = async (options, inflict) => {
  const result = await playScene(world, options, (scene) => inflict(scene as Stage));
  rows.push(result.row);
  try {
    expectExactlyOnce(result);
  } catch (error) {
    throw new Error(`${options.fault}, with PENSTOCK_SEED=${seed}`, { cause: error });
  }
  return result;
};

beforeAll(async () => {
  world = await startFaultWorld(LANES);
}, 180_000);
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  process.stdout.write(`\n${tableOf(rows)}seed: PENSTOCK_SEED=${seed}\n`);
}, 60_000);

// A server that a failed test left frozen or dead would fail all that come after it.
afterEach(() => world.heal(), 180_000);

describeHostFaults(play);
describeConnectionFaults(play);
describeReplicaFaults(play);
describeDeclarationFaults(play);
describeServerFaults(play);
describePairsOfFaults(play, seed);
