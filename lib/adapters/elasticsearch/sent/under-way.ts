import { PenstockError } from "../../../rules/base/errors.ts";
import { indexPatternOf, leadsTo } from "../../../rules/model/names.ts";
import { isObject } from "../../../rules/json/object.ts";
import type { Elasticsearch } from "../client.ts";

const TIMEOUT_MS = 10_000;

/** Ids of the bulk requests that Elasticsearch executes now, for each group of names that they write to. */
export async function askUnderWay(
  elasticsearch: Pick<Elasticsearch, "ask">,
  groups: readonly (readonly string[])[],
  signal: AbortSignal,
): Promise<readonly ReadonlySet<string>[]> {
  const answer = await elasticsearch.ask(
    {
      method: "GET",
      path: "/_tasks",
      querystring: {
        actions: "indices:data/write/bulk*",
        detailed: "true",
        filter_path: "nodes.*.tasks.*.description,node_failures,task_failures",
      },
      timeoutMs: TIMEOUT_MS,
    },
    signal,
  );
  const [nodes, tasks] = [failuresIn(answer, "node_failures"), failuresIn(answer, "task_failures")];
  // A node that does not answer may execute one of them.
  if (nodes + tasks > 0)
    throw new PenstockError(
      "elasticsearch_unavailable",
      "Elasticsearch could not list the bulk requests of all its nodes",
      { retryable: true },
    );
  const bulks = bulksIn(answer);
  return groups.map((group) => {
    const names = new Set(group);
    const dated = group.filter((name) => indexPatternOf(name) !== name);
    const isMeant = (name: string): boolean => names.has(name) || dated.some((one) => leadsTo(one, name));
    return new Set(bulks.filter(({ written }) => written.some(isMeant)).map(({ id }) => id));
  });
}

interface Bulk {
  readonly id: string;
  /** The names it writes to: those of its operations, or one index for the part of a shard. */
  readonly written: readonly string[];
}

function bulksIn(answer: unknown): Bulk[] {
  const nodes = isObject(answer) && isObject(answer["nodes"]) ? Object.values(answer["nodes"]) : [];
  return nodes.flatMap((node) => {
    const tasks = isObject(node) && isObject(node["tasks"]) ? Object.entries(node["tasks"]) : [];
    return tasks.map(([id, task]) => {
      const description = isObject(task) ? task["description"] : "";
      return { id, written: writtenBy(typeof description === "string" ? description : "") };
    });
  });
}

/** From a description: `requests[500], indices[a, b]` of a request, `requests[20], index[a][0]` of a shard's part. */
export function writtenBy(description: string): readonly string[] {
  // Names may contain brackets, and members such as `refresh[wait_for]` may follow.
  const listed = /\bind(?:ices|ex)\[(.*?)\](?:\[\d+\])?(?:, \w+\[[^\]]*\])*$/.exec(description)?.[1] ?? "";
  return listed.split(",").map((name) => name.trim());
}

function failuresIn(answer: unknown, member: string): number {
  const failures = isObject(answer) ? answer[member] : null;
  return Array.isArray(failures) ? failures.length : 0;
}
