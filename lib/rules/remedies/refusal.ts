import type { ServerRefusal } from "../model/record.ts";
import { type Remedy, remedy } from "./remedy.ts";
import {
  absentIndexRemedy,
  blockRemedy,
  closedRemedy,
  clusterBlockRemedy,
  pipelineRemedy,
  streamTemplateRemedy,
  unassignedRemedy,
  writeIndexRemedy,
} from "./target.ts";

/** Elasticsearch's numbers of blocks (`IndexMetadata`, `Metadata`), by our name of the setting. */
const indexBlocks = new Map([
  ["5", "read_only"],
  ["8", "write"],
  ["9", "metadata"],
  ["12", "read_only_allow_delete"],
]);
const CLOSED = "4";
const clusterBlocks = new Set(["6", "13"]);
const noMaster = new Set(["1", "2"]);

/** What mends a refused write. @returns null if that depends on more than the answer tells */
export function refusalRemedy({ status, type, reason, index }: ServerRefusal): Remedy | null {
  if (type === "cluster_block_exception") return blockedRemedy(reason);
  if (type === "index_closed_exception") return index === null ? null : closedRemedy(index);
  const pipeline = /^pipeline with id \[(.+?)\] does not exist/.exec(reason)?.[1];
  if (pipeline !== undefined) return pipelineRemedy(pipeline);
  if (reason.startsWith("no write index is defined")) return writeIndexRemedy;
  if (/this action would add \[/.test(reason))
    return remedy(
      "delete indices that nobody needs, add a node, or raise cluster.max_shards_per_node: the cluster has as many shards as it may have",
    );
  if (reason.includes("no matching index template with data stream")) return streamTemplateRemedy;
  if (type === "security_exception") return privilegeRemedy(status, reason);
  if (type === "unavailable_shards_exception" || type === "no_shard_available_action_exception")
    return unassignedRemedy;
  if (status === 404 && index !== null) return absentIndexRemedy(index);
  if (status === 429)
    return remedy("nothing if it passes soon; otherwise give Elasticsearch more nodes or less to do");
  return null;
}

function blockedRemedy(reason: string): Remedy | null {
  const index = /^index \[(.+?)\]/.exec(reason)?.[1];
  const numbers = [...reason.matchAll(/\[[A-Z_]+\/(\d+)\//g)].flatMap(([, number]) => number ?? []);
  if (numbers.some((number) => noMaster.has(number)))
    return remedy("start the master-eligible nodes that are down");
  if (numbers.some((number) => clusterBlocks.has(number))) return clusterBlockRemedy;
  if (index === undefined) return null;
  if (numbers.includes(CLOSED)) return closedRemedy(index);
  const blocks = numbers.flatMap((number) => indexBlocks.get(number) ?? []);
  return blocks.length === 0 ? null : blockRemedy(index, blocks);
}

/** `action [A] is unauthorized for user [U] with effective roles [R] on indices [I], this action is granted by …`. */
function privilegeRemedy(status: number, reason: string): Remedy {
  if (status === 401)
    return remedy("correct elasticsearch.auth: Elasticsearch does not accept this user or password");
  const user = / for user \[(.+?)\]/.exec(reason)?.[1] ?? "of elasticsearch.auth";
  const [, kind, privileges] = /granted by the (index|cluster) privileges \[(.+?)\]/.exec(reason) ?? [];
  const indices = / on indices \[(.+?)\]/.exec(reason)?.[1];
  if (kind === undefined || privileges === undefined)
    return remedy(`grant the user ${user} what is missing; penstock doctor lists all of it`);
  const where = indices === undefined ? "" : ` on ${indices}`;
  return remedy(
    `grant the user ${user} one of these ${kind} privileges${where}: ${privileges.replaceAll(",", ", ")}; penstock doctor lists all that are missing`,
  );
}
