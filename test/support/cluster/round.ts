import { DEAD_MS } from "./timing.ts";
import type { Scenario } from "./scene.ts";

/** For a single broker of any version: hosts come and go, and so does the broker. */
export const round: Scenario = {
  name: "round",
  about: "a third host comes, one is killed, the broker restarted, then SIGKILL",
  // There is only this one.
  unready: ["kafka", "progress"],
  async inflict({ world, startHost, killHost }) {
    await startHost();
    await killHost();
    await startHost();
    await world.stack.kafka.restart();
    await Bun.sleep(DEAD_MS);
    await world.stack.kafka.kill();
    await Bun.sleep(DEAD_MS);
    await world.stack.kafka.start();
  },
};
