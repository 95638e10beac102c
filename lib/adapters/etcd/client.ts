import { rootCertificates } from "node:tls";
import { logVerbosity, setLogVerbosity } from "@grpc/grpc-js";
import { Etcd3, isRecoverableError, type IOptions } from "etcd3";
import { abortable } from "../../rules/base/abortable.ts";
import { messageOf, PenstockError } from "../../rules/base/errors.ts";
import type { EtcdSettings, TlsSettings } from "../../rules/model/settings.ts";
import { CALL_DEADLINE_MS, type EndpointTroubles, isWaitInVain, toEtcdError, withoutUser } from "./errors.ts";
import { createCallInterceptor, isLoginOver } from "./login.ts";

/** A whole operation (a snapshot, a write), failover and paging included. */
export const ETCD_DEADLINE_MS = 10_000;

type Policy = ReturnType<NonNullable<NonNullable<IOptions["faultHandling"]>["host"]>>;

/** A connection to etcd, logged in if `etcd.auth` is set. */
export interface EtcdClient {
  /** Runs calls with a login token. If etcd rejects the token, logs in again and repeats them once. */
  run<T>(work: (etcd: Etcd3) => Promise<T>): Promise<T>;
  /** The last error of each endpoint whose last call failed. */
  readonly troubles: EndpointTroubles;
  close(): void;
}

/**
 * An etcd3 client that replaces two of the library's parts.
 * - Fault handling: its circuit breaker would ignore a recovered server for another 5 s.
 * - Login: it opens a channel per login that nobody closes and that backs off to one reconnect in two minutes. It also
 *   does not know that any change of users or roles invalidates a token.
 *
 * @throws PenstockError `config_invalid` if TLS is set but an endpoint is not https, or the PEM files are unusable.
 */
export function createEtcdClient(settings: EtcdSettings): EtcdClient {
  // grpc-js logs plain text to standard error. Everything that matters also reaches us as a failed call.
  setLogVerbosity(logVerbosity.NONE);
  let token: string | null = null;
  const credentials = credentialsOf(settings);
  const troubles = new Map<string, unknown>();
  const interceptors = [
    createCallInterceptor(
      () => token,
      () => [...troubles.values()].some(isWaitInVain),
    ),
  ];
  const etcd = connected({
    // etcd3 treats everything after the scheme as host and port, and quotes it in its errors.
    hosts: settings.endpoints.map((endpoint) => withoutUser(endpoint).replace(/\/+$/, "")),
    ...(credentials ? { credentials } : {}),
    defaultCallOptions: ({ isStream }) =>
      isStream ? { interceptors } : { interceptors, deadline: Date.now() + CALL_DEADLINE_MS },
    faultHandling: {
      host: (endpoint) =>
        new TryTimes(
          1,
          (error) => void troubles.set(endpoint, error),
          () => void troubles.delete(endpoint),
        ),
      // A stale connection fails only when used, so even a single endpoint gets two tries.
      global: new TryTimes(Math.max(2, settings.endpoints.length)),
    },
    grpcOptions: {
      // Without keepalives, a silently broken connection is never noticed.
      "grpc.keepalive_time_ms": 10_000,
      "grpc.keepalive_timeout_ms": 5_000,
      // etcd closes connections that ping while no call is active (grpc's default). A watch is an active call.
      "grpc.keepalive_permit_without_calls": 0,
      // By default grpc-js backs off to one attempt in two minutes.
      "grpc.initial_reconnect_backoff_ms": 100,
      "grpc.max_reconnect_backoff_ms": 2_000,
    },
  });
  // The old token stays until the new one arrives: other calls may be running.
  const logIn = async ({ username, password }: NonNullable<EtcdSettings["auth"]>) => {
    ({ token } = await etcd.auth.authenticate({ name: username, password: password.reveal() }));
  };
  return {
    troubles,
    run: async (work) => {
      const { auth } = settings;
      if (!auth) return work(etcd);
      if (token === null) await logIn(auth);
      try {
        return await work(etcd);
      } catch (error) {
        if (!isLoginOver(error)) throw error;
        await logIn(auth);
        return work(etcd);
      }
    },
    close: () => etcd.close(),
  };
}

/**
 * Runs `work` until the signal aborts or `deadlineMs` passes: etcd3 may never settle a promise while etcd is down.
 *
 * @throws PenstockError `etcd_unavailable` (also on abort) or `etcd_refused`.
 */
export async function callEtcd<T>(
  client: EtcdClient,
  settings: EtcdSettings,
  signal: AbortSignal,
  work: (etcd: Etcd3) => Promise<T>,
  deadlineMs = ETCD_DEADLINE_MS,
): Promise<T> {
  const either = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
  try {
    return await abortable(client.run(work), either);
  } catch (error) {
    const overdue = signal.aborted ? "the call was given up" : `no answer within ${deadlineMs} ms`;
    const gaveUp = either.aborted && error === either.reason;
    throw toEtcdError(gaveUp ? new Error(overdue) : error, settings, client.troubles);
  }
}

/** @throws PenstockError `config_invalid` */
function connected(options: IOptions): Etcd3 {
  try {
    return new Etcd3(options);
  } catch (error) {
    throw new PenstockError(
      "config_invalid",
      `etcd.tls: TLS cannot be set up with these PEM files: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}

function credentialsOf({ endpoints, tls }: EtcdSettings): IOptions["credentials"] {
  if (!tls) return undefined;
  const plain = endpoints.find((endpoint) => !endpoint.startsWith("https://"));
  if (plain !== undefined) {
    throw new PenstockError(
      "config_invalid",
      `etcd.tls is set, but the endpoint "${withoutUser(plain)}" does not begin with https://`,
    );
  }
  return {
    rootCertificate: Buffer.from(tls.ca ?? rootCertificates.join("\n")),
    ...clientCertificateOf(tls),
  };
}

function clientCertificateOf({ cert, key }: TlsSettings) {
  return cert === null || key === null
    ? {}
    : { certChain: Buffer.from(cert), privateKey: Buffer.from(key.reveal()) };
}

/** A cockatiel policy, as etcd3 expects: up to `times` immediate tries while the connection is at fault. */
class TryTimes implements Policy {
  declare readonly _altReturn: never;
  readonly onSuccess = neverFires;
  readonly onFailure = neverFires;
  readonly #times: number;
  readonly #onTrouble: (error: Error) => void;
  readonly #onAnswer: () => void;

  constructor(times: number, onTrouble: (error: Error) => void = () => {}, onAnswer: () => void = () => {}) {
    this.#times = times;
    this.#onTrouble = onTrouble;
    this.#onAnswer = onAnswer;
  }

  async execute<T>(
    work: (context: { signal: AbortSignal }) => PromiseLike<T> | T,
    signal = new AbortController().signal,
  ): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const answer = await work({ signal });
        this.#onAnswer();
        return answer;
      } catch (error) {
        const isTrouble = error instanceof Error && isRecoverableError(error);
        if (isTrouble) this.#onTrouble(error);
        if (attempt >= this.#times || !isTrouble) throw error;
      }
    }
  }
}

function neverFires() {
  return { dispose: () => undefined };
}
