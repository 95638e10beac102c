import {
  type BulkAnswer,
  bulkFilterPath,
  maxBulkAnswerBytes,
  parseBulkItems,
  type RequestFailure,
  type TargetDocument,
} from "../../rules/outcomes/bulk-answer.ts";
import { lacksStreamTemplate } from "../../rules/outcomes/outcome.ts";
import { missingPatterns, type TemplateRefusals } from "../../rules/template/index-template.ts";
import type { TemplateTarget } from "../../rules/template/template-target.ts";
import type { Logger } from "../../rules/base/logger.ts";
import type { ElasticsearchSettings } from "../../rules/model/settings.ts";
import { masterFailure } from "./transport/master.ts";
import { type ExistingIdsOptions, findExistingIds } from "./existing-ids.ts";
import { withStoredFailures } from "./stored-errors.ts";
import { coverWith, createFittedForm, readTemplate, type SendJson } from "./template/template.ts";
import { simulateNewIndex } from "./template/simulated-index.ts";
import { createStreamTemplates } from "./template/stream-templates.ts";
import { coverPatterns } from "./template/template-cover.ts";
import { mayBeCompression, compress, compressionFailure } from "./transport/bulk-compression.ts";
import { createTemplateKeeper } from "./template/template-keeper.ts";
import { createVersionedTransport, type MediaFormat } from "./transport/versioned-transport.ts";
import {
  createTransport,
  type ElasticsearchRequest,
  type ElasticsearchText,
  type SendSearch,
} from "./transport/transport.ts";
import { errorOf } from "./transport/version.ts";

export interface BulkOptions {
  /** An ingest pipeline for every operation, or null. */
  readonly pipeline: string | null;
  /** The number of operations in the body. */
  readonly operations: number;
  /** The keys (`targetKey`) of the operations' targets passed to `ensureTemplate`; absent if unknown. */
  readonly pattern?: string | readonly string[];
  /** How long Elasticsearch waits for a shard or the master; default: half of the request timeout. */
  readonly shardTimeoutMs?: number;
  /** Asked after the check of the template, which may take long; false: it must not be sent any more. */
  readonly isDue?: () => boolean;
  /** The document of an operation; called if the answer does not say why it was not written. */
  readonly documentAt?: (operation: number) => TargetDocument;
  readonly signal: AbortSignal;
}

/** A client of one Elasticsearch cluster. */
export interface Elasticsearch {
  /** Sends one newline-delimited body to `_bulk`. Failures are values; throws only the signal's reason. */
  bulk(body: string | Buffer, options: BulkOptions): Promise<BulkAnswer>;
  /**
   * Makes the templates cover the targets; never removes one. Does nothing if `manageTemplates` is false.
   * @returns by key (`targetKey`) the targets Elasticsearch refuses, and why; the others are covered
   * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
   */
  ensureTemplate(targets: readonly TemplateTarget[], signal: AbortSignal): Promise<TemplateRefusals>;
  /** Returns what `ensureTemplate` would return, without changing anything. @throws as that */
  tryTemplate(targets: readonly TemplateTarget[], signal: AbortSignal): Promise<TemplateRefusals>;
  /** {@link simulateNewIndex}; no template of ours is added if `manageTemplates` is false. */
  newIndex(
    name: string,
    target: TemplateTarget | null,
    signal: AbortSignal,
  ): ReturnType<typeof simulateNewIndex>;
  /**
   * Returns which of the ids exist in an index, or in any index of a pattern; none if the index does not exist.
   * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
   */
  existingIds(
    index: string,
    ids: readonly string[],
    signal: AbortSignal,
    options?: ExistingIdsOptions,
  ): Promise<ReadonlySet<string>>;
  /**
   * Checks that the cluster is reachable, is an Elasticsearch 8 or 9, and has a master. One answering node is enough.
   * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
   */
  probe(signal: AbortSignal): Promise<void>;
  /**
   * Sends one request outside a bulk; for the neighbouring adapters.
   * @returns the parsed body of the answer
   * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
   */
  ask(question: Question, signal: AbortSignal): Promise<unknown>;
  /**
   * Like `ask`, but returns the text, because parsing would lose the last digits of long numbers. Failures are values;
   * throws only the signal's reason.
   * @returns a `text` of null if the answer exceeds `maxBytes`
   */
  askForText(
    question: Omit<Question, "body"> & { readonly body: string },
    options: { readonly maxBytes: number; readonly format: MediaFormat },
    signal: AbortSignal,
  ): Promise<ElasticsearchText>;
  close(): Promise<void>;
}

export interface Question extends Pick<ElasticsearchRequest, "method" | "path" | "querystring"> {
  /** Sent as JSON. */
  readonly body?: object;
  readonly timeoutMs: number;
  /** For a request that must not be made twice: no other node is asked if one does not answer. */
  readonly once?: boolean;
}

/** For requests that are answered at once or not at all. */
const controlTimeoutMs = 10_000;
/** Shorter than the deadlines of the callers, so that the error names the node. */
const probeTimeoutMs = 4_000;
/** Enough for all indices, ten thousand patterns, or a page of hits. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

export function createElasticsearch(
  settings: ElasticsearchSettings,
  options: { readonly logger?: Logger } = {},
): Elasticsearch {
  const transport = createTransport(settings);
  const compressed = settings.compression === "gzip";
  /** Set by the first successful probe; a bulk that is refused later is tested separately. */
  let compressionProven = false;

  const form = createFittedForm(settings.template, options.logger);
  const streamTemplates = createStreamTemplates({
    control,
    // Not shared: each learns from its own refusals what the server lacks, which is part of the template's description.
    form: createFittedForm(settings.template, options.logger),
    logger: options.logger,
    async oldestVersion(signal) {
      const detected = await versioned.known(signal);
      if ("failure" in detected) throw errorOf(detected.failure);
      return detected.version;
    },
  });
  const template = createTemplateKeeper(control, form, streamTemplates);
  const versioned = createVersionedTransport(transport, () => template.recheck(), options.logger);

  function control(signal: AbortSignal): SendJson {
    return async (method, path, body) =>
      versioned.send(
        {
          method,
          path,
          format: "json",
          timeoutMs: controlTimeoutMs,
          maxAnswerBytes: MAX_ANSWER_BYTES,
          otherNodes: "on silence",
          ...(body && { body: JSON.stringify(body) }),
        },
        signal,
      );
  }

  function search(signal: AbortSignal): SendSearch {
    return (path, querystring, body) =>
      versioned.send(
        {
          method: "POST",
          path,
          querystring,
          format: "json",
          timeoutMs: settings.bulk.requestTimeoutMs,
          maxAnswerBytes: MAX_ANSWER_BYTES,
          otherNodes: "on failure",
          ...(body && { body: JSON.stringify(body) }),
        },
        signal,
      );
  }

  /** Returns why compressed bulks do not get through, or null. */
  function findCompressionFailure(signal: AbortSignal): Promise<RequestFailure | null> {
    const question = { method: "POST", path: "/_bulk", format: "x-ndjson" } as const;
    const limits = { timeoutMs: probeTimeoutMs, maxAnswerBytes: MAX_ANSWER_BYTES };
    return compressionFailure((body, compressed) =>
      versioned.send({ ...question, ...limits, body, compressed }, signal),
    );
  }

  return {
    async bulk(body, { pipeline, operations, pattern, shardTimeoutMs, documentAt, isDue, signal }) {
      const patterns = typeof pattern === "string" ? [pattern] : (pattern ?? []);
      const unready = settings.manageTemplates ? await template.failure(patterns, signal) : null;
      if (unready !== null) return { failure: unready };
      if (isDue?.() === false) return { failure: notDue };
      const { requestTimeoutMs } = settings.bulk;
      const request = {
        method: "POST",
        path: "/_bulk",
        // Half of the request timeout, so that a missing shard is reported as such and not as a silent node.
        query: bulkQuery(pipeline, Math.min(shardTimeoutMs ?? Infinity, requestTimeoutMs / 2)),
        body: compressed ? compress(body) : body,
        timeoutMs: requestTimeoutMs,
        maxAnswerBytes: maxBulkAnswerBytes(body, operations),
      } as const;
      const answer = await versioned.sendThrough({ format: "x-ndjson", compressed }, signal, (headers) =>
        transport.exchange({ ...request, headers }, signal),
      );
      if ("failure" in answer) {
        const guilty =
          compressed && mayBeCompression(answer.failure) ? await findCompressionFailure(signal) : null;
        return guilty === null ? answer : { failure: guilty };
      }
      const items = parseBulkItems(answer.body);
      if (items?.some(lacksStreamTemplate) === true) template.lost(patterns);
      if (items !== null) return { items: await withStoredFailures(items, documentAt, search(signal)) };
      return { failure: { kind: "bad_answer", message: "Elasticsearch's answer to a bulk holds no items" } };
    },

    async ensureTemplate(targets, signal) {
      return settings.manageTemplates ? template.ensure(targets, signal) : new Map();
    },

    async tryTemplate(targets, signal) {
      const send = control(signal);
      const patterns = targets.filter((target) => typeof target === "string");
      const streams = targets.filter((target) => typeof target !== "string");
      const refusedStreams = await streamTemplates.tryOut(streams, signal);
      if (patterns.length === 0) return refusedStreams;
      const existing = await readTemplate(send);
      const missing = missingPatterns(existing, patterns, form) ?? [];
      const refused = await coverPatterns(missing, (some) => coverWith(send, "try", existing, some, form));
      return new Map([...refused, ...refusedStreams]);
    },

    newIndex(name, target, signal) {
      const ours = settings.manageTemplates ? target : null;
      return simulateNewIndex(control(signal), name, ours, createFittedForm(settings.template));
    },

    existingIds: (index, ids, signal, options) => findExistingIds(search(signal), index, ids, options),

    async probe(signal) {
      const [detected, masterless] = await Promise.all([
        versioned.detect(signal, probeTimeoutMs),
        masterFailure(transport, probeTimeoutMs, signal),
      ]);
      if ("failure" in detected) throw errorOf(detected.failure);
      if (masterless !== null) throw errorOf(masterless, "the cluster has no master that answers: ");
      if (!compressed || compressionProven) return;
      const guilty = await findCompressionFailure(signal);
      if (guilty !== null) throw errorOf(guilty);
      compressionProven = true;
    },

    async ask({ body, once = false, ...question }, signal) {
      const json = body && { body: JSON.stringify(body) };
      const others = once ? {} : ({ otherNodes: "on failure" } as const);
      const answer = await versioned.send(
        { ...question, ...json, ...others, format: "json", maxAnswerBytes: MAX_ANSWER_BYTES },
        signal,
      );
      if ("failure" in answer) throw errorOf(answer.failure);
      return answer.body;
    },

    askForText: (question, { maxBytes, format }, signal) =>
      versioned.sendThrough({ format }, signal, (headers) =>
        transport.sendForText(
          { ...question, headers, maxAnswerBytes: maxBytes, otherNodes: "on failure" },
          signal,
        ),
      ),

    async close() {
      await template.close();
      await transport.close();
    },
  };
}

const notDue: RequestFailure = {
  kind: "connection",
  message: "not sent, because it waited for the index template and must not be sent any more",
};

function bulkQuery(pipeline: string | null, timeoutMs: number): string {
  const query = `filter_path=${encodeURIComponent(bulkFilterPath)}&timeout=${Math.ceil(timeoutMs)}ms`;
  return pipeline === null ? query : `${query}&pipeline=${encodeURIComponent(pipeline)}`;
}
