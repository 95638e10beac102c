import { abortable } from "../../lib/rules/base/abortable.ts";
import type { RequestFailure } from "../../lib/rules/outcomes/bulk-answer.ts";
import { sleep, type Time } from "../../lib/rules/base/time.ts";

/** A fault of the whole cluster, for a share of its requests. */
export type ClusterTrouble =
  /** 429 for the whole request, nothing written. */
  | "busy"
  /** 503 for the whole request, nothing written. */
  | "failing"
  /** The connection is refused, at once. */
  | "refusing"
  /** Written, but the answer cannot be read: it ends halfway. */
  | "cutting answers"
  /** No answer before the request times out; nothing written. */
  | "silent"
  /** Written, but the connection ends before the answer. */
  | "losing answers"
  /** No answer before the request times out, and written only after that. */
  | "belated"
  /** Answered, but only after seconds. */
  | "slow";

export type Answer<T> = { readonly value: T } | { readonly failure: RequestFailure };

/** What a request does at the server. */
export interface ServedRequest<A, T> {
  /** Called when it reaches a server that will serve it. */
  readonly arrive: () => A;
  readonly workMs: () => number;
  /** Called at some moment of the work. */
  readonly act: (arrived: A) => T;
}

/** The way to a cluster and back, which may be in trouble. Healthy by default. */
export interface TroubledServer {
  /** @throws the signal's reason; the request is served all the same */
  exchange<A, T>(request: ServedRequest<A, T>, signal: AbortSignal): Promise<Answer<T>>;
  /** @param share of the requests, in [0, 1] */
  trouble(trouble: ClusterTrouble | null, share: number): void;
  /** The number of requests received. */
  readonly requests: number;
}

export interface TroubledServerOptions {
  readonly time: Time;
  /** When the client times out. */
  readonly requestTimeoutMs: number;
}

const NETWORK_MS = { least: 0.3, spread: 2 } as const;
export const WORK_MS = { least: 1, spread: 12 } as const;
export const SLOW_MS = { least: 500, spread: 4_000 } as const;

export function createTroubledServer({ time, requestTimeoutMs }: TroubledServerOptions): TroubledServer {
  let clusterTrouble: ClusterTrouble | null = null;
  let troubledShare = 0;
  let requests = 0;

  /** A request's fate after it was sent, however long its caller waits. */
  const serve = async <A, T>({ arrive, workMs, act }: ServedRequest<A, T>): Promise<Answer<T>> => {
    requests += 1;
    const trouble = time.random() < troubledShare ? clusterTrouble : null;
    await sleep(time, within(time, NETWORK_MS));
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
        const arrived = arrive();
        await sleep(time, requestTimeoutMs + within(time, SLOW_MS));
        return { value: act(arrived) };
      }
      case "losing answers":
      case "cutting answers": {
        const arrived = arrive();
        await sleep(time, within(time, WORK_MS));
        act(arrived);
        return failed(
          trouble === "losing answers"
            ? { kind: "connection", message: "socket hang up" }
            : { kind: "bad_answer", message: "Unexpected end of JSON input" },
        );
      }
      case "slow":
      case null:
        break;
    }
    const arrived = arrive();
    if (trouble === "slow") await sleep(time, within(time, SLOW_MS));
    const waitMs = workMs();
    // Done at some point before the answer.
    const untilDoneMs = waitMs * time.random();
    await sleep(time, untilDoneMs);
    const value = act(arrived);
    await sleep(time, waitMs - untilDoneMs + within(time, NETWORK_MS));
    return { value };
  };

  return {
    async exchange(request, signal) {
      const served = serve(request);
      const over = Promise.withResolvers<{ readonly failure: RequestFailure }>();
      const callOff = time.after(requestTimeoutMs, () =>
        over.resolve(failed({ kind: "timeout", message: "Request timed out" })),
      );
      try {
        return await abortable(Promise.race([served, over.promise]), signal);
      } finally {
        callOff();
      }
    },
    trouble(trouble, share) {
      clusterTrouble = trouble;
      troubledShare = trouble === null ? 0 : share;
    },
    get requests() {
      return requests;
    },
  };
}

/** A random duration. */
export function within(
  time: Time,
  { least, spread }: { readonly least: number; readonly spread: number },
): number {
  return least + time.random() * spread;
}

function failed(failure: RequestFailure): { readonly failure: RequestFailure } {
  return { failure };
}

function never(): Promise<never> {
  return new Promise(() => {});
}
