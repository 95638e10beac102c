import { busiestNode, masterNode, member } from "./places.ts";
import { type Scenario, untilReplicated } from "./scene.ts";
import { DEAD_MS, freeze } from "./timing.ts";

/** Longer than a request to Elasticsearch may take here. */
const FROZEN_MS = 15_000;
const NO_QUORUM_MS = 20_000;

export const elasticsearchScenarios: readonly Scenario[] = [
  {
    name: "dead-node",
    about: "Elasticsearch node with primaries SIGKILL",
    async inflict({ world, topics }) {
      const node = member(world.stack.members.elasticsearch, await busiestNode(world, topics));
      await node.kill();
      await Bun.sleep(DEAD_MS);
      await node.start();
    },
  },
  {
    name: "dead-master",
    about: "Elasticsearch's master SIGKILL",
    // Until another one is elected.
    unready: ["elasticsearch"],
    async inflict({ world }) {
      const node = member(world.stack.members.elasticsearch, await masterNode(world));
      await node.kill();
      await Bun.sleep(DEAD_MS);
      await node.start();
    },
  },
  {
    name: "frozen-node",
    about: `Elasticsearch node with primaries SIGSTOP ${FROZEN_MS / 1_000} s`,
    async inflict({ world, topics }) {
      const number = await busiestNode(world, topics);
      await freeze(member(world.stack.members.elasticsearch, number), FROZEN_MS);
    },
  },
  {
    name: "rolling-nodes",
    about: "Elasticsearch nodes restarted one after the other",
    // One of them is the master.
    unready: ["elasticsearch"],
    async inflict({ world, topics, random }) {
      const nodes = world.stack.members.elasticsearch;
      const first = random.below(nodes.length);
      for (const node of [...nodes.slice(first), ...nodes.slice(0, first)]) {
        await node.restart();
        await untilReplicated(world, topics);
      }
    },
  },
  {
    name: "no-quorum-elasticsearch",
    about: `two of three Elasticsearch nodes SIGKILL, back after ${NO_QUORUM_MS / 1_000} s`,
    unready: ["elasticsearch", "progress"],
    async inflict({ world, random }) {
      const nodes = world.stack.members.elasticsearch;
      const left = random.pick(nodes);
      const killed = nodes.filter((node) => node !== left);
      await Promise.all(killed.map((node) => node.kill()));
      await Bun.sleep(NO_QUORUM_MS);
      await Promise.all(killed.map((node) => node.start()));
    },
  },
  {
    name: "missing-node",
    about: "one of three Elasticsearch nodes is down at the hosts' start",
    async prepare(world, random) {
      const master = await masterNode(world);
      const others = world.stack.members.elasticsearch.filter((_, at) => at + 1 !== master);
      await random.pick(others).kill();
    },
    async inflict({ world }) {
      await Promise.all(world.stack.members.elasticsearch.map((node) => node.start()));
    },
  },
];
