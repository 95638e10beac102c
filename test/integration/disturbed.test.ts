import { describeForbiddenDeadLetters } from "./disturbed/forbidden-dead-letters.ts";
import { describeOutages } from "./disturbed/outages.ts";
import { describeRefusals } from "./disturbed/refusals.ts";
import { useDisturbedWorld } from "./disturbed/world.ts";

const world = useDisturbedWorld();

describeRefusals(world);
describeForbiddenDeadLetters(world);
describeOutages(world);
