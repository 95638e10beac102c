import { afterAll, beforeAll } from "bun:test";
import { describeChanges } from "./secured-kafka/changes.ts";
import { describeFaults } from "./secured-kafka/faults.ts";
import { describeTokens } from "./secured-kafka/tokens.ts";
import { describeWire } from "./secured-kafka/wire.ts";
import { describeLinks } from "./secured-kafka/works.ts";
import { createSecuredWorld } from "./secured-kafka/world.ts";

const world = createSecuredWorld();
beforeAll(() => world.open(), 240_000);
afterAll(() => world.close());

describeLinks(world);
describeFaults(world);
describeChanges(world);
describeTokens(world);
describeWire(world);
