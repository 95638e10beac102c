import type { IngestBatchDeps, IngestBatchInput } from "../../functions/ingest-batch.ts";
import type { BulkAnswer, BulkItem } from "../../lib/rules/outcomes/bulk-answer.ts";
import type { DeadLetter } from "../../lib/rules/dead-letters/dead-letter.ts";
import { sourceRecord, specification } from "../support/records.ts";

export const created: BulkItem = { status: 201, result: "created", error: null };
export const unreadable: BulkItem = {
  status: 400,
  result: null,
  error: { type: "document_parsing_exception", reason: "r" },
};
export const rejected400: BulkItem = {
  status: 400,
  result: null,
  error: { type: "illegal_argument_exception", reason: "?" },
};
export const busy: BulkItem = {
  status: 429,
  result: null,
  error: { type: "es_rejected_execution_exception", reason: "busy" },
};
export const duplicate: BulkItem = {
  status: 409,
  result: null,
  error: { type: "version_conflict_engine_exception", reason: "" },
};
export const unavailable: BulkAnswer = { failure: { kind: "response", status: 503, error: null } };
export const tooLarge: BulkAnswer = { failure: { kind: "response", status: 413, error: null } };

/** Splits a body into its documents' messages. */
export function messagesOf(body: Buffer): string[] {
  const sources = body
    .toString()
    .trimEnd()
    .split("\n")
    .filter((_, at) => at % 2 === 1);
  return sources.map((source) => String(Object(JSON.parse(source)).message));
}

interface World {
  /** The messages of each request, in order. */
  readonly requests: string[][];
  readonly letters: DeadLetter[];
  readonly deps: IngestBatchDeps;
}

/** Elasticsearch answers as given; all other dependencies work. */
export function world(
  answer: (messages: string[]) => BulkAnswer,
  changes: Partial<IngestBatchDeps> = {},
): World {
  const requests: string[][] = [];
  const letters: DeadLetter[] = [];
  const deps: IngestBatchDeps = {
    bulk: async (body) => {
      const messages = messagesOf(body);
      requests.push(messages);
      return answer(messages);
    },
    deadLetters: {
      store: async (stored) => {
        letters.push(...stored);
      },
    },
    now: () => 0,
    signal: new AbortController().signal,
    ...changes,
  };
  return { requests, letters, deps };
}

/** Records of one partition with these messages. */
export function input(
  messages: readonly (string | null)[],
  changes: Partial<IngestBatchInput> = {},
): IngestBatchInput {
  return {
    spec: specification(),
    records: messages.map((message, offset) => sourceRecord(message, { offset })),
    attempt: 1,
    limits: { maxDocuments: 3, maxBytes: 1e6 },
    ...changes,
  };
}

/** An item for each message; those not named are created. */
export function answering(byMessage: Readonly<Record<string, BulkItem>>): (messages: string[]) => BulkAnswer {
  return (messages) => ({ items: messages.map((message) => byMessage[message] ?? created) });
}

/** What Elasticsearch was asked to write: a record, by its offset, in one of its forms. */
export interface Sent {
  readonly form: "own" | "flattened" | "text";
  readonly offset: number;
  readonly message: string;
  readonly operation: string;
}

/** The records in a body. */
export function sentOf(body: Buffer): Sent[] {
  const lines = body.toString().trimEnd().split("\n");
  return Array.from({ length: lines.length / 2 }, (_, at) => {
    const [action, source] = lines.slice(2 * at);
    const { message, kafka, tags = [] } = Object(JSON.parse(source ?? ""));
    const form = tags.includes("fields_as_text")
      ? "text"
      : tags.includes("fields_flattened")
        ? "flattened"
        : "own";
    return { form, offset: kafka.offset, message, operation: `${action}\n${source}` };
  });
}

export function refusal(reason: string, type = "document_parsing_exception"): BulkItem {
  return { status: 400, result: null, error: { type, reason } };
}
