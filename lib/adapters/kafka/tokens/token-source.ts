import { abortable } from "../../../rules/base/abortable.ts";
import { backoffMs, type BackoffRule } from "../../../rules/base/backoff.ts";
import { messageOf, PenstockError } from "../../../rules/base/errors.ts";
import { secondsText } from "../../../rules/base/units.ts";
import type { AwsSasl, TokenEndpointSasl, TokenSasl } from "../../../rules/model/settings.ts";
import { type BearerToken, hasExpired, NO_TOKEN, renewAtMs } from "../../../rules/secrets/bearer-token.ts";
import { fingerprintOf } from "../../../rules/secrets/fingerprint.ts";
import { awsToken } from "./aws-token.ts";
import { endpointToken } from "./token-endpoint.ts";
import { fileToken } from "./token-file.ts";

/** The tokens of a process: all connections with the same login share one. */
export interface TokenSource {
  /**
   * A token that has not expired, as far as we know; a file's as it is.
   * @throws PenstockError `kafka_refused` if there is none: a sentence that says why
   */
  current(sasl: TokenSasl): Promise<BearerToken>;
  /** The broker refused it: the next is a new one. */
  forget(sasl: TokenSasl, token: BearerToken): void;
}

type RequestedSasl = TokenEndpointSasl | AwsSasl;

/** Requests a token. @throws Error whose message is a sentence */
export type TokenRequest = (sasl: RequestedSasl, nowMs: number) => Promise<BearerToken>;

const FAILED_BACKOFF: BackoffRule = { initialMs: 1_000, maxMs: 30_000 };

/** Shorter than what a question to Kafka may take, so that the reason is known by then. */
const WAIT_MS = 3_000;

interface Failure {
  readonly count: number;
  readonly heldUntilMs: number;
  readonly text: string;
}

interface Held {
  token: BearerToken | null;
  /** Since the token came, somebody logged in with it. */
  used: boolean;
  pending: Promise<BearerToken> | null;
  failure: Failure | null;
}

/** @param now milliseconds since the epoch @param random in [0, 1) */
export function createTokenSource(
  now: () => number,
  random: () => number,
  request: TokenRequest = requestToken,
): TokenSource {
  const byLogin = new Map<string, Held>();

  const heldFor = (key: string): Held => {
    const held = byLogin.get(key) ?? { token: null, used: false, pending: null, failure: null };
    byLogin.set(key, held);
    return held;
  };

  const renew = async (key: string, sasl: RequestedSasl): Promise<BearerToken> => {
    const held = heldFor(key);
    try {
      const token = await request(sasl, now());
      Object.assign(held, { token, used: false, failure: null } satisfies Partial<Held>);
      return token;
    } catch (error) {
      const count = (held.failure?.count ?? 0) + 1;
      const heldUntilMs = now() + backoffMs(FAILED_BACKOFF, count, random());
      held.failure = { count, heldUntilMs, text: messageOf(error) };
      throw refusal(held.failure.text);
    } finally {
      held.pending = null;
      renewLater(key, sasl);
    }
  };

  const renewShared = async (key: string, sasl: RequestedSasl): Promise<BearerToken> => {
    const held = heldFor(key);
    const { failure } = held;
    if (failure !== null && failure.heldUntilMs > now()) {
      const until = new Date(failure.heldUntilMs).toISOString();
      throw refusal(`${failure.text}; not tried again before ${until}`);
    }
    held.pending ??= renew(key, sasl);
    const wait = AbortSignal.timeout(WAIT_MS);
    try {
      return await abortable(held.pending, wait);
    } catch (error) {
      // The request goes on, for the next login.
      if (error !== wait.reason) throw error;
      const from = "tokenEndpoint" in sasl ? `the token endpoint ${sasl.tokenEndpoint}` : "AWS";
      throw refusal(`${NO_TOKEN}: ${from} has not answered for ${secondsText(WAIT_MS)}`);
    }
  };

  /** Ahead of need: if the issuer is away, the next logins still have a token. Ends with the logins that use it. */
  const renewLater = (key: string, sasl: RequestedSasl): void => {
    const { token, failure } = heldFor(key);
    if (token === null || hasExpired(token, now())) return;
    const atMs = failure?.heldUntilMs ?? renewAtMs(token);
    const timer = setTimeout(
      () => {
        const held = heldFor(key);
        if (held.token !== token) return;
        if (held.used) renewShared(key, sasl).catch(() => {});
        else byLogin.delete(key);
      },
      Math.max(0, atMs - now()),
    );
    timer.unref();
  };

  return {
    async current(sasl) {
      if ("tokenFile" in sasl) return asRefusal(() => fileToken(sasl, now()));
      const key = fingerprintOf(sasl);
      const held = heldFor(key);
      const { token } = held;
      const isOld = token === null || renewAtMs(token) <= now();
      if (token === null || hasExpired(token, now())) {
        const renewed = await renewShared(key, sasl);
        held.used = true;
        return renewed;
      }
      held.used = true;
      // What failed before the token expired is tried again by the timer, and matters only then.
      return isOld ? renewShared(key, sasl).catch(() => token) : token;
    },
    forget(sasl, token) {
      if ("tokenFile" in sasl) return;
      const held = byLogin.get(fingerprintOf(sasl));
      if (held?.token === token) held.token = null;
    },
  };
}

/** Throws as a login that kafkajs does not try again by itself, which it does unless `retriable` is false. */
export function refusal(text: string): PenstockError {
  return Object.assign(new PenstockError("kafka_refused", text), { retriable: false });
}

async function asRefusal<T>(step: () => T | Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw refusal(messageOf(error));
  }
}

function requestToken(sasl: RequestedSasl, nowMs: number): Promise<BearerToken> {
  return sasl.mechanism === "aws-msk-iam" ? awsToken(sasl, nowMs) : endpointToken(sasl, nowMs);
}
