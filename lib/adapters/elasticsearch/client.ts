import {
  type BulkAnswer,
  bulkFilterPath,
  maxBulkAnswerBytes,
  parseBulkItems,
  type RequestFailure,
  type TargetDocument,
} from "../../rules/outcomes/bulk-answer.ts";
import { missingPatterns, type TemplateRefusals } from "../../rules/template/index-template.ts";
import type { Logger } from "../../rules/base/logger.ts";
import type { ElasticsearchSettings } from "../../rules/model/settings.ts";
import { masterFailure } from "./transport/master.ts";
import { findExistingIds, type SendSearch } from "./existing-ids.ts";
import { withStoredFailures } from "./failure-store.ts";
import { coverWith, createFittedForm, readTemplate, type SendJson } from "./template/template.ts";
import { coverPatterns } from "./template/template-cover.ts";
import { mayBePacking, pack, packingFailure } from "./transport/packing.ts";
import { createTemplateKeeper } from "./template/template-keeper.ts";
import { createSpeech, type MediaFormat } from "./transport/speech.ts";
import { createTransport, type ElasticsearchRequest, type ElasticsearchText } from "./transport/transport.ts";
import { errorOf } from "./transport/version.ts";

export interface BulkOptions {
  /** An ingest pipeline for every operation; null: none. */
  readonly pipeline: string | null;
  /** How many the body holds. */
  readonly operations: number;
  /** What covers the indices of the operations, as `ensureTemplate` was told; absent: not known. */
  readonly pattern?: string | readonly string[];
  /** How long it waits for a shard, or for the master; absent: half of the request's own time. */
  readonly shardTimeoutMs?: number;
  /** What an operation wants to write; asked where the answer leaves open why it was not written. */
  readonly documentAt?: (operation: number) => TargetDocument;
  readonly signal: AbortSignal;
}

/** One Elasticsearch cluster. Whoever creates it closes it. */
export interface Elasticsearch {
  /**
   * Sends one newline-delimited body to `_bulk`. What the cluster does, or fails to do, is a value; throws only the
   * signal's reason.
   */
  bulk(body: string | Buffer, options: BulkOptions): Promise<BulkAnswer>;
  /**
   * Makes the index template cover the patterns, never taking one away; does nothing where templates are the user's.
   * @returns those that Elasticsearch does not take, and why; the others are covered
   * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
   */
  ensureTemplate(patterns: readonly string[], signal: AbortSignal): Promise<TemplateRefusals>;
  /** What `ensureTemplate` would return; changes nothing. @throws as that */
  tryTemplate(patterns: readonly string[], signal: AbortSignal): Promise<TemplateRefusals>;
  /**
   * Which of the ids an index, or any that a pattern covers, holds; none where it does not exist.
   * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
   */
  existingIds(index: string, ids: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string>>;
  /**
   * Whether the cluster can be reached, is an Elasticsearch 8 or 9, and has a master. One node that answers is enough.
   * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
   */
  probe(signal: AbortSignal): Promise<void>;
  /**
   * Asks one question outside of a bulk; for the adapters beside this one.
   * @returns the answer's body, parsed
   * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
   */
  ask(question: Question, signal: AbortSignal): Promise<unknown>;
  /**
   * As `ask`, for an answer of which no more than `maxBytes` are read, as its text: parsed, long numbers would lose their
   * last digits. What the cluster does, or fails to do, is a value; throws only the signal's reason.
   * @returns a `text` of null where the answer is longer
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
}

/** Requests that answer at once or not at all. */
const controlTimeoutMs = 10_000;
/** Less than those who ask how things are wait for, so that the reason names the node. */
const probeTimeoutMs = 4_000;
/** What may tell of all indices, of ten thousand patterns, or of a page of hits. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

export function createElasticsearch(
  settings: ElasticsearchSettings,
  options: { readonly logger?: Logger } = {},
): Elasticsearch {
  const transport = createTransport(settings);
  const packed = settings.compression === "gzip";
  /** Asked once with the probe; whoever refuses a bulk later is asked again. */
  let packingProven = false;

  const form = createFittedForm(settings.template, options.logger);
  const template = createTemplateKeeper(control, form);
  const speech = createSpeech(transport, () => template.doubt(), options.logger);

  function control(signal: AbortSignal): SendJson {
    return async (method, path, body) =>
      speech.send(
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
      speech.send(
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

  /** Why packed bulks do not get through; null: they do. */
  function packingTrouble(signal: AbortSignal): Promise<RequestFailure | null> {
    const question = { method: "POST", path: "/_bulk", format: "x-ndjson" } as const;
    const limits = { timeoutMs: probeTimeoutMs, maxAnswerBytes: MAX_ANSWER_BYTES };
    return packingFailure((body, packed) => speech.send({ ...question, ...limits, body, packed }, signal));
  }

  return {
    async bulk(body, { pipeline, operations, pattern, shardTimeoutMs, documentAt, signal }) {
      const patterns = typeof pattern === "string" ? [pattern] : (pattern ?? []);
      const unready = settings.manageTemplates ? await template.failure(patterns, signal) : null;
      if (unready !== null) return { failure: unready };
      const { requestTimeoutMs } = settings.bulk;
      const request = {
        method: "POST",
        path: "/_bulk",
        // Half of our own time: a shard without a node is told as such, not as a node of ours that is silent.
        query: bulkQuery(pipeline, Math.min(shardTimeoutMs ?? Infinity, requestTimeoutMs / 2)),
        body: packed ? pack(body) : body,
        timeoutMs: requestTimeoutMs,
        maxAnswerBytes: maxBulkAnswerBytes(body, operations),
      } as const;
      const answer = await speech.versioned({ format: "x-ndjson", packed }, signal, (headers) =>
        transport.exchange({ ...request, headers }, signal),
      );
      if ("failure" in answer) {
        const guilty = packed && mayBePacking(answer.failure) ? await packingTrouble(signal) : null;
        return guilty === null ? answer : { failure: guilty };
      }
      const items = parseBulkItems(answer.body);
      if (items !== null) return { items: await withStoredFailures(items, documentAt, search(signal)) };
      return { failure: { kind: "bad_answer", message: "Elasticsearch's answer to a bulk holds no items" } };
    },

    async ensureTemplate(patterns, signal) {
      return settings.manageTemplates ? template.ensure(patterns, signal) : new Map();
    },

    async tryTemplate(patterns, signal) {
      const send = control(signal);
      const existing = await readTemplate(send);
      const missing = missingPatterns(existing, patterns, form) ?? [];
      return coverPatterns(missing, (some) => coverWith(send, "try", existing, some, form));
    },

    existingIds: (index, ids, signal) => findExistingIds(search(signal), index, ids),

    async probe(signal) {
      const [detected, masterless] = await Promise.all([
        speech.detect(signal, probeTimeoutMs),
        masterFailure(transport, probeTimeoutMs, signal),
      ]);
      if ("failure" in detected) throw errorOf(detected.failure);
      if (masterless !== null) throw errorOf(masterless, "the cluster has no master that answers: ");
      if (!packed || packingProven) return;
      const guilty = await packingTrouble(signal);
      if (guilty !== null) throw errorOf(guilty);
      packingProven = true;
    },

    async ask({ body, ...question }, signal) {
      const json = body && { body: JSON.stringify(body) };
      const answer = await speech.send(
        { ...question, ...json, format: "json", maxAnswerBytes: MAX_ANSWER_BYTES, otherNodes: "on failure" },
        signal,
      );
      if ("failure" in answer) throw errorOf(answer.failure);
      return answer.body;
    },

    askForText: (question, { maxBytes, format }, signal) =>
      speech.versioned({ format }, signal, (headers) =>
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

function bulkQuery(pipeline: string | null, timeoutMs: number): string {
  const query = `filter_path=${encodeURIComponent(bulkFilterPath)}&timeout=${Math.ceil(timeoutMs)}ms`;
  return pipeline === null ? query : `${query}&pipeline=${encodeURIComponent(pipeline)}`;
}
