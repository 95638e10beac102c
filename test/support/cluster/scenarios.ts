import type { ClusterScene, Scenario } from "./scene.ts";

/** Longer than the session of a consumer, and than kafkajs' own patience of a few tries. */
const SILENT_MS = 25_000;
/** Longer than a request to Elasticsearch may take here. */
const FROZEN_MS = 15_000;
/** Leaders and primaries have moved by then. */
const DEAD_MS = 8_000;

/** One member of the cluster goes away, and the others go on. */
export const scenarios: readonly Scenario[] = [
  {
    name: "killed-broker",
    about: "broker that leads partitions SIGKILL",
    async inflict(scene) {
      const broker = member(scene.world.stack.members.kafka, await busiestBroker(scene));
      await broker.kill();
      await Bun.sleep(DEAD_MS);
      await broker.start();
    },
  },
  {
    name: "silent-broker",
    about: `first broker of the list SIGSTOP ${SILENT_MS / 1_000} s`,
    async inflict({ world }) {
      await freeze(world.stack.kafka, SILENT_MS);
    },
  },
  {
    name: "dead-node",
    about: "Elasticsearch node with primaries SIGKILL",
    async inflict(scene) {
      const node = member(scene.world.stack.members.elasticsearch, await busiestNode(scene));
      await node.kill();
      await Bun.sleep(DEAD_MS);
      await node.start();
    },
  },
  {
    name: "frozen-node",
    about: `Elasticsearch node with primaries SIGSTOP ${FROZEN_MS / 1_000} s`,
    async inflict(scene) {
      await freeze(member(scene.world.stack.members.elasticsearch, await busiestNode(scene)), FROZEN_MS);
    },
  },
];

async function freeze(server: { freeze(): void; thaw(): void }, ms: number): Promise<void> {
  server.freeze();
  await Bun.sleep(ms);
  server.thaw();
}

function member<S>(members: readonly S[], id: number): S {
  const found = members[id - 1];
  if (found === undefined) throw new Error(`there is no member ${id} of ${members.length}`);
  return found;
}

async function busiestBroker({ kafka, topics }: ClusterScene): Promise<number> {
  const admin = kafka.kafka.admin();
  await admin.connect();
  try {
    const metadata = await admin.fetchTopicMetadata({ topics: [...topics] });
    return mostFrequent(metadata.topics.flatMap(({ partitions }) => partitions.map(({ leader }) => leader)));
  } finally {
    await admin.disconnect();
  }
}

/** A cluster whose master is away has none until it has found out and elected another: that is another fault. */
async function busiestNode({ world, topics }: ClusterScene): Promise<number> {
  const cat = async (path: string): Promise<readonly { prirep?: string; node: string }[]> => {
    const { body } = await world.elasticsearch.request("GET", `/_cat/${path}&format=json`);
    return body as unknown as readonly { prirep?: string; node: string }[];
  };
  const [master] = await cat("master?h=node");
  const shards = await cat(`shards/${topics.join()}?h=prirep,node`);
  const primaries = shards.filter(({ prirep, node }) => prirep === "p" && node !== master?.node);
  return mostFrequent(primaries.map(({ node }) => Number(node.split("-").at(-1))));
}

function mostFrequent(values: readonly number[]): number {
  const times = Map.groupBy(values, (value) => value);
  const [most] = [...times].toSorted(([, a], [, b]) => b.length - a.length);
  if (most === undefined) throw new Error("none was found");
  return most[0];
}
