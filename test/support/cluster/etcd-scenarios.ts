import { etcdLeader, member } from "./places.ts";
import type { Scenario } from "./scene.ts";
import { DEAD_MS, freeze } from "./timing.ts";

const NO_QUORUM_MS = 20_000;
/** Longer than a watch needs to notice that nobody answers. */
const LAGGING_MS = 25_000;

export const etcdScenarios: readonly Scenario[] = [
  {
    name: "dead-etcd-leader",
    about: "etcd's leader SIGKILL, and a topic declared meanwhile",
    late: true,
    // Until another one is elected; also, recently started hosts report the new topic as joining.
    unready: ["etcd", "progress"],
    async inflict({ world, declareLate }) {
      const leader = member(world.stack.members.etcd, await etcdLeader(world));
      await leader.kill();
      await declareLate();
      await Bun.sleep(DEAD_MS);
      await leader.start();
    },
  },
  {
    name: "no-quorum-etcd",
    about: `two of three etcd members SIGKILL, back after ${NO_QUORUM_MS / 1_000} s, and a topic declared meanwhile`,
    late: true,
    unready: ["etcd", "progress"],
    async inflict({ world, random, declareLate }) {
      const members = world.stack.members.etcd;
      const left = random.pick(members);
      const killed = members.filter((one) => one !== left);
      await Promise.all(killed.map((one) => one.kill()));
      const declaring = declareLate();
      await Bun.sleep(NO_QUORUM_MS);
      await Promise.all([declaring, ...killed.map((one) => one.start())]);
    },
  },
  {
    name: "lagging-etcd",
    about: `an etcd member SIGSTOP ${LAGGING_MS / 1_000} s, and a topic declared meanwhile`,
    late: true,
    unready: ["progress"],
    async inflict({ world, random, declareLate }) {
      const leader = member(world.stack.members.etcd, await etcdLeader(world));
      const follower = random.pick(world.stack.members.etcd.filter((one) => one !== leader));
      await Promise.all([freeze(follower, LAGGING_MS), declareLate()]);
    },
  },
];
