import type { FlowDeps } from "../../infra/host/flow.ts";
import { abortable } from "../../lib/rules/base/abortable.ts";
import type { BulkAnswer, BulkItem, RequestFailure } from "../../lib/rules/outcomes/bulk-answer.ts";
import { sleep, type Time } from "../../lib/rules/base/time.ts";

export type Bulk = FlowDeps["bulk"];

/** A fault of the whole cluster, for a share of its requests. */
export type ClusterTrouble =
  /** 429 for the whole request, nothing written. */
  | "busy"
  /** 503 for the whole request, nothing written. */
  | "failing"
  /** The connection is refused, at once. */
  | "refusing"
  /** No answer before the request times out; nothing written. */
  | "silent"
  /** Written, but the connection ends before the answer. */
  | "losing answers"
  /** No answer before the request times out, and written only after that. */
  | "belated"
  /** Answered, but only after seconds. */
  | "slow";

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

/** Receives each item's outcome. */
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
  /** The data is lost: the next document creates the index again, empty. */
  loseIndex(index: string): void;
  /** Ends all trouble. Requests already on their way stay late. */
  heal(): void;
  /** The ids in an index. */
  ids(index: string): ReadonlySet<string>;
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

const NETWORK_MS = { least: 0.3, spread: 2 } as const;
const WORK_MS = { least: 1, spread: 12 } as const;
const SLOW_MS = { least: 500, spread: 4_000 } as const;
const NO_DOCUMENTS: ReadonlySet<string> = new Set();

interface Action {
  readonly create: { readonly _index: string; readonly _id: string; readonly pipeline?: string };
}

export function createSimulatedElasticsearch(options: ElasticsearchOptions): SimulatedElasticsearch {
  const { time, listener, requestTimeoutMs, shardTimeoutMs } = options;
  const indices = new Map<string, Set<string>>();
  const indexTroubles = new Map<string, IndexTrouble>();
  const pipelineTroubles = new Map<string, PipelineTrouble>();
  let clusterTrouble: ClusterTrouble | null = null;
  let troubledShare = 0;
  let requests = 0;

  const within = ({ least, spread }: typeof NETWORK_MS | typeof WORK_MS | typeof SLOW_MS): number =>
    least + time.random() * spread;

  const write = ({ create }: Action, source: string, pipelineOfRequest: string | null): BulkItem => {
    const { _index: index, _id: id } = create;
    const pipeline = create.pipeline ?? pipelineOfRequest;
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
    const documents = indices.get(index) ?? new Set();
    indices.set(index, documents);
    if (documents.has(id)) {
      listener.onThere(index, id);
      return refusal(409, "version_conflict_engine_exception", "version conflict, document already exists");
    }
    documents.add(id);
    listener.onWritten(index, id);
    return CREATED;
  };

  /** Executes all of a body's operations, in order. */
  const writeAll = (body: Buffer, pipeline: string | null): readonly BulkItem[] => {
    const lines = body.toString("utf8").split("\n");
    const items: BulkItem[] = [];
    for (let at = 0; at + 1 < lines.length; at += 2)
      items.push(write(JSON.parse(lines[at] ?? "") as Action, lines[at + 1] ?? "", pipeline));
    return items;
  };

  const workMs = (indicesOfBody: ReadonlySet<string>, waitMs: number): number => {
    let ms = within(WORK_MS);
    for (const index of indicesOfBody) {
      const trouble = indexTroubles.get(index);
      if (trouble === "unallocated") ms = Math.max(ms, waitMs);
      if (trouble === "slow") ms = Math.max(ms, within(SLOW_MS));
    }
    return ms;
  };

  /** The request's fate after it was sent, however long its caller waits. */
  const serve = async (body: Buffer, pipeline: string | null, shardMs: number): Promise<BulkAnswer> => {
    requests += 1;
    const trouble = time.random() < troubledShare ? clusterTrouble : null;
    await sleep(time, within(NETWORK_MS));
    switch (trouble) {
      case "refusing":
        return failed({ kind: "connection", message: "connect ECONNREFUSED" });
      case "silent":
        return never();
      case "busy":
        return failed({ kind: "response", status: 429, error: null });
      case "failing":
        return failed({ kind: "response", status: 503, error: null });
      case "belated": {
        await sleep(time, requestTimeoutMs + within(SLOW_MS));
        return { items: writeAll(body, pipeline) };
      }
      case "losing answers": {
        await sleep(time, within(WORK_MS));
        writeAll(body, pipeline);
        return failed({ kind: "connection", message: "socket hang up" });
      }
      case "slow":
        await sleep(time, within(SLOW_MS));
        break;
      case null:
        break;
    }
    const waitMs = workMs(indicesOf(body), shardMs);
    // Written at some point before the answer.
    const untilWrittenMs = waitMs * time.random();
    await sleep(time, untilWrittenMs);
    const items = writeAll(body, pipeline);
    await sleep(time, waitMs - untilWrittenMs + within(NETWORK_MS));
    return { items };
  };

  return {
    async bulk(body, { pipeline, signal, shardTimeoutMs: shardMs = shardTimeoutMs }) {
      signal.throwIfAborted();
      // A sent request is served, whether its caller still waits or not.
      const served = serve(Buffer.from(body), pipeline, shardMs);
      const over = Promise.withResolvers<BulkAnswer>();
      const callOff = time.after(requestTimeoutMs, () =>
        over.resolve(failed({ kind: "timeout", message: "Request timed out" })),
      );
      try {
        return await abortable(Promise.race([served, over.promise]), signal);
      } finally {
        callOff();
      }
    },
    troubleCluster(trouble, share) {
      clusterTrouble = trouble;
      troubledShare = trouble === null ? 0 : share;
    },
    troubleIndex(index, trouble) {
      if (trouble === null) indexTroubles.delete(index);
      else indexTroubles.set(index, trouble);
    },
    troublePipeline(pipeline, trouble) {
      if (trouble === null) pipelineTroubles.delete(pipeline);
      else pipelineTroubles.set(pipeline, trouble);
    },
    loseIndex(index) {
      if (!indices.delete(index)) return;
      listener.onLost(index);
    },
    heal() {
      clusterTrouble = null;
      troubledShare = 0;
      indexTroubles.clear();
      pipelineTroubles.clear();
    },
    ids: (index) => indices.get(index) ?? NO_DOCUMENTS,
    get requests() {
      return requests;
    },
  };
}

const CREATED: BulkItem = { status: 201, result: "created", error: null };

function refusal(status: number, type: string, reason: string): BulkItem {
  return { status, result: null, error: { type, reason } };
}

function failed(failure: RequestFailure): BulkAnswer {
  return { failure };
}

function never(): Promise<never> {
  return new Promise(() => {});
}

function indicesOf(body: Buffer): ReadonlySet<string> {
  const names = body.toString("utf8").matchAll(/^\{"create":\{"_index":"([^"]*)"/gm);
  return new Set(Array.from(names, ([, name = ""]) => name));
}
