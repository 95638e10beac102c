import type { ConnectionTap } from "../tcp-proxy.ts";
import type { AcknowledgedOffsets, ItemVerdict } from "./acknowledged.ts";
import { HttpStream } from "./http-stream.ts";

/** The number of bulks of one host in flight. */
export interface BulkTraffic {
  /** Sent completely, and not answered. */
  inFlight: number;
}

/**
 * Listens between a host and Elasticsearch, and records the outcomes in each answer before the host can read
 * that answer.
 */
export function bulkTap(acknowledged: AcknowledgedOffsets, traffic: BulkTraffic): ConnectionTap {
  /** The ids of each unanswered request of this connection; null if not a bulk. HTTP/1.1 answers in order. */
  const pending: (string[] | null)[] = [];
  const requests = new HttpStream(({ startLine, body }) => {
    const ids = startLine.includes("/_bulk") ? idsOf(body.toString("utf8")) : null;
    if (ids !== null) traffic.inFlight += 1;
    pending.push(ids);
  });
  const answers = new HttpStream(({ startLine, body }) => {
    const ids = pending.shift() ?? null;
    if (ids === null) return;
    traffic.inFlight -= 1;
    if (!startLine.includes(" 200 ")) return;
    const { items } = JSON.parse(body.toString("utf8")) as BulkBody;
    for (const [position, id] of ids.entries()) {
      const status = items?.[position]?.create?.status ?? 0;
      const [topic = "", partition, offset] = id.split(":");
      acknowledged.note(topic, Number(partition), Number(offset), verdictOf(status));
    }
  });
  return {
    fromClient: (bytes) => requests.push(bytes),
    fromServer: (bytes) => answers.push(bytes),
    closed: () => {
      traffic.inFlight -= pending.filter((ids) => ids !== null).length;
      pending.length = 0;
    },
  };
}

interface BulkBody {
  readonly items?: readonly { readonly create?: { readonly status: number } }[];
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
