import type { FlowDeps } from "../../infra/host/flow.ts";
import type { BulkItem } from "../../lib/rules/outcomes/bulk-answer.ts";
import type { Time } from "../../lib/rules/base/time.ts";
import {
  type Answer,
  type ClusterTrouble,
  createTroubledServer,
  SLOW_MS,
  within,
  WORK_MS,
} from "./troubled-server.ts";
import { createStoredDocuments, type StoredDocuments } from "./stored-documents.ts";

export type Bulk = FlowDeps["bulk"];

export type IndexTrouble =
  /** No primary shard: 503 for its items, once they time out. */
  | "unallocated"
  /** 403 for its items. */
  | "blocked"
  /** Its shard takes seconds, and so does every request with an item for it. */
  | "slow"
  /** 429 for some of its items. */
  | "busy";

export type PipelineTrouble = "failing" | "missing";

/** Receives each item's outcome. Indices are concrete ones. */
export interface ElasticsearchListener {
  onWritten(index: string, id: string): void;
  /** The document existed already. */
  onThere(index: string, id: string): void;
  /** All documents of the index are lost. */
  onLost(index: string): void;
}

/** A simulated Elasticsearch, behind the port that turns a bulk's body into its answer. Healthy by default. */
export interface SimulatedElasticsearch {
  readonly bulk: Bulk;
  /** @param share of the requests, in [0, 1] */
  troubleCluster(trouble: ClusterTrouble | null, share: number): void;
  troubleIndex(index: string, trouble: IndexTrouble | null): void;
  troublePipeline(pipeline: string, trouble: PipelineTrouble | null): void;
  /** The data behind this name is lost: the next document creates the index again, empty. */
  loseIndex(name: string): void;
  /** What a lifecycle does: the indices that are written to no more are deleted. @returns how many there were */
  loseFormer(name: string): number;
  /** Ends all trouble. Requests already on their way stay late. */
  heal(): void;
  /**
   * Asks it something other than a bulk, with the same troubles.
   * @param act what it does and answers, once the request has reached it
   */
  ask<T>(act: () => T, signal: AbortSignal): Promise<Answer<T>>;
  /**
   * The ids of the bulks that it is executing, whether their callers still wait or not.
   * @param names only those that write to one of them: names that operations gave, or concrete indices
   */
  bulksUnderWay(names: readonly string[]): ReadonlySet<string>;
  readonly documents: StoredDocuments;
  /** The number of requests received. */
  readonly requests: number;
}

export interface ElasticsearchOptions {
  readonly time: Time;
  /** When the client times out. */
  readonly requestTimeoutMs: number;
  /** How long the items of an index without a primary wait for one, unless the request says otherwise. */
  readonly shardTimeoutMs: number;
  readonly listener: ElasticsearchListener;
}

/** A value with this text is refused by the mapping. */
export const UNMAPPABLE = "unmappable";

interface Target {
  readonly _index: string;
  readonly _id: string;
  readonly pipeline?: string;
}
/** `index` is a witness: it passes the pipeline and writes nothing. */
type Action = { readonly create: Target } | { readonly index: Target };

interface BulkUnderWay {
  readonly id: string;
  /** By the name in an operation: the concrete index it goes to. */
  readonly targets: ReadonlyMap<string, string>;
  /** Executes all of the body's operations, in order. */
  writeAll(): readonly BulkItem[];
}

export function createSimulatedElasticsearch(options: ElasticsearchOptions): SimulatedElasticsearch {
  const { time, listener, requestTimeoutMs, shardTimeoutMs } = options;
  const documents = createStoredDocuments();
  const underWay = new Set<BulkUnderWay>();
  let accepted = 0;
  const indexTroubles = new Map<string, IndexTrouble>();
  const pipelineTroubles = new Map<string, PipelineTrouble>();
  const server = createTroubledServer({ time, requestTimeoutMs });

  const write = (
    action: Action,
    source: string,
    pipelineOfRequest: string | null,
    target: string,
  ): BulkItem => {
    const { _index: index, _id: id, pipeline = pipelineOfRequest } = targetOf(action);
    const pipelineTrouble = pipeline === null ? undefined : pipelineTroubles.get(pipeline);
    if (pipelineTrouble === "missing")
      return refusal(400, "illegal_argument_exception", `pipeline with id [${pipeline}] does not exist`);
    if (pipelineTrouble === "failing") return refusal(500, "fail_processor_exception", "told to fail");
    const trouble = indexTroubles.get(index);
    if (trouble === "unallocated")
      return refusal(503, "unavailable_shards_exception", `[${index}][0] primary shard is not active`);
    if (trouble === "blocked")
      return refusal(
        403,
        "cluster_block_exception",
        `index [${index}] blocked by: [FORBIDDEN/8/index write (api)];`,
      );
    if (trouble === "busy" && time.random() < 0.5)
      return refusal(429, "es_rejected_execution_exception", "rejected execution of coordinating operation");
    if (source.includes(UNMAPPABLE))
      return refusal(400, "document_parsing_exception", "failed to parse field [message]");
    if ("index" in action) return refusal(409, "version_conflict_engine_exception", "required seqNo");
    const isNew = documents.add(target, id);
    if (isNew === null) return refusal(404, "index_not_found_exception", `no such index [${target}]`);
    if (!isNew) {
      listener.onThere(target, id);
      return refusal(409, "version_conflict_engine_exception", "version conflict, document already exists");
    }
    listener.onWritten(target, id);
    return CREATED;
  };

  /** It has arrived: from now on it writes to the indices behind its names, even if the names move on. */
  const accept = (body: Buffer, pipeline: string | null): BulkUnderWay => {
    accepted += 1;
    const targets = new Map([...indicesOf(body)].map((name) => [name, documents.writeIndexOf(name)]));
    const bulk: BulkUnderWay = {
      id: String(accepted),
      targets,
      writeAll() {
        underWay.delete(bulk);
        const lines = body.toString("utf8").split("\n");
        const items: BulkItem[] = [];
        for (let at = 0; at + 1 < lines.length; at += 2) {
          const action = JSON.parse(lines[at] ?? "") as Action;
          const name = targetOf(action)._index;
          items.push(write(action, lines[at + 1] ?? "", pipeline, targets.get(name) ?? name));
        }
        return items;
      },
    };
    underWay.add(bulk);
    return bulk;
  };

  const workMs = (indicesOfBody: ReadonlySet<string>, waitMs: number): number => {
    let ms = within(time, WORK_MS);
    for (const index of indicesOfBody) {
      const trouble = indexTroubles.get(index);
      if (trouble === "unallocated") ms = Math.max(ms, waitMs);
      if (trouble === "slow") ms = Math.max(ms, within(time, SLOW_MS));
    }
    return ms;
  };

  return {
    async bulk(body, { pipeline, signal, shardTimeoutMs: shardMs = shardTimeoutMs }) {
      signal.throwIfAborted();
      const sent = Buffer.from(body);
      const answer = await server.exchange(
        {
          arrive: () => accept(sent, pipeline),
          workMs: () => workMs(indicesOf(sent), shardMs),
          act: (bulk) => bulk.writeAll(),
        },
        signal,
      );
      return "value" in answer ? { items: answer.value } : answer;
    },
    async ask(act, signal) {
      signal.throwIfAborted();
      return server.exchange({ arrive: () => null, workMs: () => within(time, WORK_MS), act }, signal);
    },
    bulksUnderWay(names) {
      const asked = new Set(names);
      const writes = ({ targets }: BulkUnderWay): boolean =>
        [...targets].some(([name, index]) => asked.has(name) || asked.has(index));
      return new Set([...underWay].filter(writes).map(({ id }) => id));
    },
    troubleCluster: (trouble, share) => server.trouble(trouble, share),
    troubleIndex(index, trouble) {
      if (trouble === null) indexTroubles.delete(index);
      else indexTroubles.set(index, trouble);
    },
    troublePipeline(pipeline, trouble) {
      if (trouble === null) pipelineTroubles.delete(pipeline);
      else pipelineTroubles.set(pipeline, trouble);
    },
    loseIndex(name) {
      for (const index of documents.lose(name)) listener.onLost(index);
    },
    loseFormer(name) {
      const lost = documents.loseFormer(name);
      for (const index of lost) listener.onLost(index);
      return lost.length;
    },
    heal() {
      server.trouble(null, 0);
      indexTroubles.clear();
      pipelineTroubles.clear();
    },
    documents,
    get requests() {
      return server.requests;
    },
  };
}

const CREATED: BulkItem = { status: 201, result: "created", error: null };

function refusal(status: number, type: string, reason: string): BulkItem {
  return { status, result: null, error: { type, reason } };
}

function targetOf(action: Action): Target {
  return "create" in action ? action.create : action.index;
}

function indicesOf(body: Buffer): ReadonlySet<string> {
  const names = body.toString("utf8").matchAll(/^\{"(?:create|index)":\{[^}]*?"_index":"([^"]*)"/gm);
  return new Set(Array.from(names, ([, name = ""]) => name));
}
