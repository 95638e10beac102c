import type { ConnectionTap } from "../tcp-proxy.ts";
import type { AcknowledgedOffsets, ItemVerdict } from "./acknowledged.ts";
import { HttpStream } from "./http-stream.ts";

/** The number of bulks of one host in flight. */
export interface BulkTraffic {
  /** Sent completely, and not answered. */
  inFlight: number;
}

/** What a request asks, as far as its answer tells outcomes. */
type Question =
  /** The ids of its operations, in order. */
  | { readonly kind: "bulk"; readonly ids: readonly string[] }
  /** Which ids are there: those found are not sent again. */
  | { readonly kind: "look-up" }
  | { readonly kind: "other" };

/**
 * Listens between a host and Elasticsearch, and records the outcomes in each answer before the host can read
 * that answer: of bulks, and of searches for ids that may have been sent before.
 */
export function bulkTap(acknowledged: AcknowledgedOffsets, traffic: BulkTraffic): ConnectionTap {
  /** The unanswered requests of this connection. HTTP/1.1 answers in order. */
  const pending: Question[] = [];
  const note = (id: string, verdict: ItemVerdict): void => {
    const [topic = "", partition, offset] = id.split(":");
    acknowledged.note(topic, Number(partition), Number(offset), verdict);
  };
  const requests = new HttpStream(({ startLine, body }) => {
    const question = questionOf(startLine, body);
    if (question.kind === "bulk") traffic.inFlight += 1;
    pending.push(question);
  });
  const answers = new HttpStream(({ startLine, body }) => {
    const question = pending.shift() ?? { kind: "other" };
    if (question.kind === "other") return;
    if (question.kind === "bulk") traffic.inFlight -= 1;
    if (!startLine.includes(" 200 ")) return;
    const answer = JSON.parse(body.toString("utf8")) as AnswerBody;
    if (question.kind === "look-up") for (const { _id } of answer.hits?.hits ?? []) note(_id, "duplicate");
    else
      for (const [position, id] of question.ids.entries())
        note(id, verdictOf(answer.items?.[position]?.create?.status ?? 0));
  });
  return {
    fromClient: (bytes) => requests.push(bytes),
    fromServer: (bytes) => answers.push(bytes),
    closed: () => {
      traffic.inFlight -= pending.filter(({ kind }) => kind === "bulk").length;
      pending.length = 0;
    },
  };
}

interface AnswerBody {
  readonly items?: readonly { readonly create?: { readonly status: number } }[];
  readonly hits?: { readonly hits?: readonly { readonly _id: string }[] };
}

function questionOf(startLine: string, body: Buffer): Question {
  if (startLine.includes("/_bulk")) return { kind: "bulk", ids: idsOf(body.toString("utf8")) };
  const asksForIds = startLine.includes("/_search") && body.includes('"query":{"ids":');
  return { kind: asksForIds ? "look-up" : "other" };
}

/** Action and document have a line each. */
function idsOf(body: string): string[] {
  return body.split("\n").flatMap((line, at) => {
    const id = at % 2 === 0 ? /"_id":"([^"]*)"/.exec(line)?.[1] : undefined;
    return id === undefined ? [] : [id];
  });
}

function verdictOf(status: number): ItemVerdict {
  if (status === 200 || status === 201) return "created";
  if (status === 409) return "duplicate";
  return status === 400 ? "rejected" : "retryable";
}
