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

/** A connection to etcd, logged in where the settings say so. */
export interface EtcdClient {
  /** Runs calls under a valid login; once more with a new one if etcd no longer takes the old. */
  run<T>(work: (etcd: Etcd3) => Promise<T>): Promise<T>;
  /** What the last try of each endpoint ended with, but for those that answered. */
  readonly troubles: EndpointTroubles;
  close(): void;
}

/**
 * A client of etcd3 without two of its parts. Its fault handling: the circuit breaker would keep a server that is back
 * waiting for 5 s. Its login: that opens a channel each time which nobody closes and whose reconnecting slows down to once
 * in two minutes, and it does not know that a login ends with every change of users and roles. Whoever creates it closes it.
 *
 * @throws PenstockError `config_invalid` where TLS is set but an endpoint is not https, or with certificates that are none.
 */
export function createEtcdClient(settings: EtcdSettings): EtcdClient {
  // It writes plain text to standard error; whatever matters of it comes back as an error of a call.
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
    // The library takes what follows the scheme for host and port, and repeats it in its errors.
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
      // A stale connection shows itself only when used, hence two tries of a single endpoint.
      global: new TryTimes(Math.max(2, settings.endpoints.length)),
    },
    grpcOptions: {
      // Without them a connection that broke silently is never noticed.
      "grpc.keepalive_time_ms": 10_000,
      "grpc.keepalive_timeout_ms": 5_000,
      // With a call under way alone, which a watch is: etcd ends connections that are pinged without (grpc's default; 5 s apart with).
      "grpc.keepalive_permit_without_calls": 0,
      // By default grpc-js ends up trying once in two minutes.
      "grpc.initial_reconnect_backoff_ms": 100,
      "grpc.max_reconnect_backoff_ms": 2_000,
    },
  });
  // The old token stays until there is a new one: calls may be under way at the same time.
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
 * Runs `work`, but waits no longer than the signal and `deadlineMs` allow: etcd3 may leave a promise unsettled while etcd is down.
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
      `etcd.tls: no TLS can be set up with these PEM files: ${messageOf(error)}`,
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

/** Cockatiel's interface, which etcd3 wants: tries at once, up to `times`, while errors are the connection's fault. */
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
