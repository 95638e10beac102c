import { describePairsOfFaults } from "./pairs-of-faults.ts";
import { seed, useFaultWorld } from "./play.ts";
import { describeServerFaults } from "./server-faults.ts";

/** One scene at a time: what happens to a server happens to all of them. */
const play = useFaultWorld(2);

describeServerFaults(play);
describePairsOfFaults(play, seed);
