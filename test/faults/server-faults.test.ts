import { describePairsOfFaults } from "./pairs-of-faults.ts";
import { seed, useFaultWorld } from "./play.ts";
import { describeServerFaults } from "./server-faults.ts";

/** One scene at a time, because they share the servers. */
const play = useFaultWorld(2);

describeServerFaults(play);
describePairsOfFaults(play, seed);
