import { messageOf, PenstockError } from "../../../rules/base/errors.ts";
import type { Specification } from "../../../rules/model/declaration.ts";
import { indexFields } from "../../../rules/model/index-fields.ts";
import { leadsTo } from "../../../rules/model/names.ts";
import type {
  BulkAnswer,
  BulkItem,
  RequestFailure,
  ServerError,
} from "../../../rules/outcomes/bulk-answer.ts";
import { answeredText } from "../../../rules/outcomes/outcome.ts";
import { templateTrouble } from "../../../rules/template/index-template.ts";
import { targetKey, templateTargetOf } from "../../../rules/template/template-target.ts";
import type { TrialDocument, TrialFindings } from "../../../rules/trial/findings.ts";
import {
  operationText,
  type Piped,
  readOperations,
  statusOfPipelineError,
  type TrialOperation,
} from "../../../rules/trial/operations.ts";
import { fieldCountOf, fieldLimitOf, pipelinesOf } from "../../../rules/trial/scratch-index.ts";
import type { BulkOptions, Elasticsearch } from "../client.ts";
import { IndexBound } from "../names/index-bound.ts";
import { createTakenNamesTrial } from "../names/taken-names.ts";
import { simulatePipelines } from "./pipelines.ts";
import { createScratchIndices, type ScratchDeps } from "./scratch-indices.ts";
import { findTarget, type Target } from "./target.ts";

export interface TrialDeps extends Omit<ScratchDeps, "client"> {
  readonly client: Pick<Elasticsearch, "ask" | "askForText" | "bulk" | "newIndex" | "tryTemplate">;
  /** Whether a host would make templates for the topic. */
  readonly managed: boolean;
  /** Makes another target of the one that a name stands for, to find out what a change of it would do. */
  readonly change?: (name: string, target: Target) => Target;
}

/** Each costs the cluster an index for a moment; documents for further ones are not tried. */
const MAX_TARGETS = 20;

interface Scratch {
  readonly target: Target;
  /** Null if the target takes no documents. */
  readonly name: string | null;
  readonly fieldsBefore: number;
}

/**
 * Takes bulk requests of one topic in the place of its targets. Pipelines are simulated, because a real request may reroute
 * a document into a real index. What they return is written to a scratch index for each target, because the simulation
 * judges each document alone, while a mapping learns from every document.
 *
 * An error that is about the trial, and says nothing about the topic, ends it: all that follows is unknown.
 */
export function createTrial(spec: Specification, deps: TrialDeps) {
  const { client } = deps;
  const ours = templateTargetOf(spec);
  const scratches = createScratchIndices(deps);
  const documents = new Map<string, TrialDocument>();
  const targets = new Map<string, Target>();
  const byTarget = new Map<string, Scratch>();
  let isPrepared = false;
  let blocked: string | null = null;
  let unknown: string | null = null;
  const notes: string[] = [];
  const indices = indexFields(spec.index).length === 0 ? null : boundOf();

  function boundOf(): IndexBound {
    const warn = (message: string): void => void notes.push(message);
    return new IndexBound(spec, { sent: { takeNames: createTakenNamesTrial(client) }, logger: { warn } });
  }

  async function bulk(
    body: string | Buffer,
    { pipeline, signal }: Pick<BulkOptions, "pipeline" | "signal">,
  ): Promise<BulkAnswer> {
    const operations = readOperations(Buffer.from(body));
    for (const { id, index, json } of operations)
      if (!documents.has(id)) documents.set(id, { ...untouched, sent: json, json, index });
    try {
      if (!isPrepared) await prepare(signal);
      const reason = blocked ?? unknown;
      return reason === null ? await send(operations, pipeline, signal) : failed(reason);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof PenstockError)) throw error;
      unknown = messageOf(error);
      return failed(unknown);
    }
  }

  async function prepare(signal: AbortSignal): Promise<void> {
    const refusals = deps.managed ? await client.tryTemplate([ours], signal) : new Map<string, string>();
    const refusal = refusals.get(targetKey(ours));
    if (refusal !== undefined) blocked = templateTrouble(refusal);
    isPrepared = true;
  }

  async function send(
    operations: readonly TrialOperation[],
    pipeline: string | null,
    signal: AbortSignal,
  ): Promise<BulkAnswer> {
    const piped = await pipe(operations, pipeline, signal);
    if ("kind" in piped) return { failure: sameFailure(piped) };
    const items: (BulkItem | null)[] = [];
    const open: number[] = [];
    let text = "";
    for (const [position, operation] of operations.entries()) {
      const one = piped[position];
      if (one?.kind === "document") {
        const scratch = await scratchOf(one.index, signal);
        items.push(scratch === null ? notTried : scratch.target.refusal);
        if (scratch === null) note(operation.id, { untried: notTried.error.reason });
        if (scratch === null || scratch.name === null) continue;
        open.push(position);
        text += operationText(operation, scratch.name, one.json);
      } else items.push(one?.kind === "failed" ? failedItem(one.error) : noop);
    }
    const answer = open.length === 0 ? { items: [] } : await write(text, open.length, signal);
    if ("failure" in answer) return answer;
    for (const [at, position] of open.entries()) items[position] = answer.items[at] ?? null;
    return {
      items: operations.map((operation, position) => learn(operation, piped[position], items[position])),
    };
  }

  /** @returns one entry for each operation, or the failure of the whole request */
  async function pipe(
    operations: readonly TrialOperation[],
    pipeline: string | null,
    signal: AbortSignal,
  ): Promise<readonly Piped[] | RequestFailure> {
    let isPiped = pipeline !== null;
    for (const index of new Set(operations.map(({ index: name }) => name)))
      isPiped ||= pipelinesOf((await targetOf(index, signal)).settings).length > 0;
    return isPiped
      ? simulatePipelines(client, operations, pipeline, signal)
      : operations.map(({ index, json }) => ({ kind: "document", index, json, pipelines: [] }));
  }

  async function targetOf(index: string, signal: AbortSignal): Promise<Target> {
    const known = targets.get(index);
    if (known !== undefined) return known;
    const found = await findTarget(client, index, leadsTo(spec.index, index) ? ours : null, signal);
    const target = deps.change?.(index, found) ?? found;
    targets.set(index, target);
    return target;
  }

  /** @returns null if there are too many already */
  async function scratchOf(index: string, signal: AbortSignal): Promise<Scratch | null> {
    const known = byTarget.get(index);
    if (known !== undefined) return known;
    if (byTarget.size >= MAX_TARGETS) return null;
    const target = await targetOf(index, signal);
    const made = target.refusal === null ? await scratches.create(target, signal) : null;
    const fieldsBefore = fieldCountOf(made?.mappings ?? target.mappings);
    const scratch = { target, name: made?.name ?? null, fieldsBefore };
    byTarget.set(index, scratch);
    return scratch;
  }

  /** @throws PenstockError if the refusal is about the scratch index, and not about a document */
  async function write(text: string, operations: number, signal: AbortSignal): Promise<BulkAnswer> {
    const answer = await client.bulk(Buffer.from(text), { pipeline: null, operations, signal });
    if ("failure" in answer) return { failure: sameFailure(answer.failure) };
    const foreign = answer.items.find(({ status }) => status >= 300 && status !== 400 && status !== 409);
    if (foreign !== undefined) throw refusedTrial(answeredText(foreign.status, foreign.error));
    return answer;
  }

  /** Notes what became of a document, and returns its item. */
  function learn(
    { id, json }: TrialOperation,
    piped: Piped | undefined,
    item: BulkItem | null | undefined,
  ): BulkItem {
    if (item === null || item === undefined) throw new Error(`the trial has no answer for ${id}`);
    const isWritten = item.status < 300;
    if (isWritten && piped?.kind === "document")
      note(id, { sent: json, json: piped.json, index: piped.index, pipelines: piped.pipelines });
    else if (item.error !== null && item.status !== 409) {
      const { error = null, pipelines = [] } = documents.get(id) ?? {};
      // Its own form is shown, as the pipelines left it.
      const isFirst = error === null && piped?.kind === "document" && pipelines.length === 0;
      note(id, {
        error: error ?? item.error,
        ...(isFirst && { json: piped.json, index: piped.index, pipelines: piped.pipelines }),
      });
    }
    return item;
  }

  function note(id: string, news: Partial<TrialDocument>): void {
    const known = documents.get(id);
    if (known !== undefined) documents.set(id, { ...known, ...news });
  }

  async function findings(signal: AbortSignal): Promise<TrialFindings> {
    const about: TrialFindings["targets"][number][] = [];
    for (const [name, { target, name: scratch, fieldsBefore }] of byTarget) {
      const after = scratch === null ? null : await readBack(scratch, signal);
      const limit = fieldLimitOf(target.settings);
      const fields = after === null ? null : { before: fieldsBefore, after, limit };
      about.push({ name, kind: target.kind, fields });
    }
    return { documents, targets: about, blocked, unknown, notes };
  }

  /** @returns the number of fields; null if it cannot be read */
  async function readBack(scratch: string, signal: AbortSignal): Promise<number | null> {
    try {
      const { mappings, ignored } = await scratches.read(scratch, signal);
      for (const [id, fields] of ignored) note(id, { ignored: fields });
      return fieldCountOf(mappings);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof PenstockError)) throw error;
      notes.push(`which fields would not be searchable is unknown: ${messageOf(error)}`);
      return null;
    }
  }

  return { bulk, indices, findings, close: () => scratches.removeAll() };
}

const untouched = { pipelines: [], ignored: [], error: null, untried: null };
const noop: BulkItem = { status: 200, result: "noop", error: null };
const notTried = {
  status: 429,
  result: null,
  error: {
    type: "not_tried",
    reason: `the documents go to more than ${MAX_TARGETS} indices; those for further ones were not tried`,
  },
};

function failedItem(error: ServerError): BulkItem {
  return { status: statusOfPipelineError(error), result: null, error };
}

function failed(message: string): BulkAnswer {
  return { failure: { kind: "connection", message } };
}

/** @throws PenstockError unless a bulk to the real target would fail in the same way: a document is too large or unreadable */
function sameFailure(failure: RequestFailure): RequestFailure {
  if (failure.kind !== "response") throw refusedTrial(failure.message);
  if (failure.status !== 400 && failure.status !== 413)
    throw refusedTrial(answeredText(failure.status, failure.error));
  return failure;
}

function refusedTrial(message: string): PenstockError {
  return new PenstockError("elasticsearch_unavailable", message, { retryable: true });
}
