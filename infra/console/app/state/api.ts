import type { SessionAnswer } from "../../../api/session.ts";
import { createStore } from "./store.ts";

/** Whether the host asks for a token. */
export const signInNeeded = createStore(false);

/** What this browser may do; null until known. */
export const access = createStore<SessionAnswer["access"]>(null);

/** A failed request: the host's problem details (RFC 9457), or that it is unreachable. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** 0 without any answer. */
  readonly status: number;
  /** The problem's members, as sent. */
  readonly problem: Readonly<Record<string, unknown>>;

  constructor(status: number, message: string, problem: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.status = status;
    this.problem = problem;
  }
}

interface Request {
  readonly method?: "GET" | "HEAD" | "POST" | "DELETE";
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  /** Longer than any deadline of the host. */
  readonly timeoutMs?: number;
  /** Default: `JSON.parse`, which loses the last digits of long numbers. */
  readonly parse?: (text: string) => unknown;
}

/**
 * Sends a request to the host.
 * @returns the JSON of the answer, trusted to match the host's API; null without a body
 * @throws ApiError, or the signal's reason
 */
export async function ask<T>(path: string, request: Request = {}): Promise<T> {
  const {
    method = "GET",
    body,
    signal,
    timeoutMs = 30_000,
    parse = (text: string): unknown => JSON.parse(text),
  } = request;
  const timeout = AbortSignal.timeout(timeoutMs);
  let answer: Response;
  try {
    answer = await fetch(path, {
      method,
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      ...(body !== undefined && {
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    });
  } catch {
    signal?.throwIfAborted();
    throw new ApiError(
      0,
      timeout.aborted ? "The host did not answer in time." : "The host cannot be reached.",
    );
  }
  if (answer.ok) {
    const text = method === "HEAD" || answer.status === 204 ? "null" : await answer.text();
    // eslint-disable-next-line typescript/no-unsafe-type-assertion -- the host's own API, of the same version
    return parse(text) as T;
  }
  const problem = await problemOf(answer);
  if (answer.status === 401 && path !== "/session") signInNeeded.set(true);
  const detail = problem["detail"];
  throw new ApiError(answer.status, typeof detail === "string" ? detail : `HTTP ${answer.status}`, problem);
}

async function problemOf(answer: Response): Promise<Record<string, unknown>> {
  try {
    const body: unknown = await answer.json();
    return typeof body === "object" && body !== null ? { ...body } : {};
  } catch {
    // A proxy in between may answer anything; the status is enough.
    return {};
  }
}
