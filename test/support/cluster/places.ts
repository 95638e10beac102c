import type { Admin } from "kafkajs";
import { z } from "zod";
import type { TestKafka } from "../kafka.ts";
import type { ClusterWorld } from "./world.ts";

/** Finds the most important member of a cluster. Numbers count from 1, as in the servers' names. */

const OFFSETS_TOPIC = "__consumer_offsets";
const OFFSETS_PARTITIONS = 8;
const etcdStatus = z.object({ header: z.object({ member_id: z.string() }), leader: z.string() });
const catAnswer = z.array(z.object({ prirep: z.string().optional(), node: z.string().nullable() }));

export function member<S>(members: readonly S[], number: number): S {
  const found = members[number - 1];
  if (found === undefined) throw new Error(`there is no member ${number} of ${members.length}`);
  return found;
}

export async function withAdmin<T>({ kafka }: TestKafka, ask: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await ask(admin);
  } finally {
    await admin.disconnect();
  }
}

/** The group coordinator that leads the most partitions. */
export function busiestBroker(
  kafka: TestKafka,
  topics: readonly string[],
  groups: readonly string[],
): Promise<number> {
  return withAdmin(kafka, async (admin) => {
    const metadata = await admin.fetchTopicMetadata({ topics: [...topics, OFFSETS_TOPIC] });
    const partitions = metadata.topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionId, leader }) => ({ name, partitionId, leader })),
    );
    const coordinating = new Set(groups.map(offsetsPartitionOf));
    const coordinators = new Set(
      partitions
        .filter(({ name, partitionId }) => name === OFFSETS_TOPIC && coordinating.has(partitionId))
        .map(({ leader }) => leader),
    );
    const leaders = partitions.filter(({ name }) => name !== OFFSETS_TOPIC).map(({ leader }) => leader);
    return mostFrequent(leaders.filter((leader) => coordinators.has(leader)));
  });
}

/** The partition of a group's commits: Java's hash of its name, without the sign. */
export function offsetsPartitionOf(group: string): number {
  let hash = 0;
  for (let at = 0; at < group.length; at += 1) hash = (Math.imul(31, hash) + group.charCodeAt(at)) | 0;
  return (hash & 0x7fffffff) % OFFSETS_PARTITIONS;
}

/** A cluster without a reachable master has none until it notices and elects another: that is another fault. */
export async function busiestNode(world: ClusterWorld, topics: readonly string[]): Promise<number> {
  const master = await masterNode(world);
  const shards = await cat(world, `shards/${topics.join()}?h=prirep,node`);
  const nodes = shards.filter(({ prirep }) => prirep === "p").map(({ node }) => numberIn(node));
  return mostFrequent(nodes.filter((node) => node !== master));
}

export async function masterNode(world: ClusterWorld): Promise<number> {
  const [master] = await cat(world, "master?h=node");
  return numberIn(master?.node);
}

async function cat({ elasticsearch }: ClusterWorld, path: string): Promise<z.output<typeof catAnswer>> {
  const { body } = await elasticsearch.request("GET", `/_cat/${path}&format=json`);
  return catAnswer.parse(body);
}

export async function etcdLeader({ etcdEndpoints }: ClusterWorld): Promise<number> {
  for (const [at, endpoint] of etcdEndpoints.entries()) {
    const answer = await fetch(`${endpoint}/v3/maintenance/status`, { method: "POST", body: "{}" });
    const { header, leader } = etcdStatus.parse(await answer.json());
    if (header.member_id === leader) return at + 1;
  }
  throw new Error("no member of etcd leads");
}

/** The number in a server's name, such as `elasticsearch-2`. */
function numberIn(name: string | null | undefined): number {
  return Number(name?.split("-").at(-1));
}

function mostFrequent(values: readonly number[]): number {
  const times = Map.groupBy(values, (value) => value);
  const [most] = [...times].toSorted(([, a], [, b]) => b.length - a.length);
  if (most === undefined) throw new Error("none was found");
  return most[0];
}
