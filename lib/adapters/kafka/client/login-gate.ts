import { KafkaJSConnectionError, KafkaJSRequestTimeoutError } from "kafkajs";
import { backoffMs, type BackoffRule } from "../../../rules/base/backoff.ts";
import { messageOf } from "../../../rules/base/errors.ts";
import type { BearerToken } from "../../../rules/secrets/bearer-token.ts";
import { fingerprintOf } from "../../../rules/secrets/fingerprint.ts";
import type { SaslSettings } from "../../../rules/model/settings.ts";
import { refusal } from "../tokens/token-source.ts";

/**
 * Limits logins. All of a host's connections use the same password: if it is wrong, each would retry it and could lock
 * the account.
 */
export interface LoginGate {
  /**
   * Logs in, unless the same login was refused recently.
   * @throws PenstockError `kafka_refused`; or what ended the connection
   */
  admit(to: LoginTarget, at: LoginAttempt, login: () => Promise<void>): Promise<void>;
}

export interface LoginAttempt {
  readonly broker: string;
  /** True if an open connection renews its session. */
  readonly again: boolean;
}

/** Other clusters may accept a login that these brokers refused. */
export interface LoginTarget {
  /** Of the config. */
  readonly brokers: readonly string[];
  readonly sasl: SaslSettings;
  /** What is shown to the broker, if that is not in `sasl`. */
  readonly token: BearerToken | null;
}

/** Per broker: how many connections may find out at once that a password is no longer valid. */
const LOGINS_AT_ONCE = 8;
const REFUSED_BACKOFF: BackoffRule = { initialMs: 4_000, maxMs: 60_000 };

interface Refusals {
  /** Consecutive refusals. */
  count: number;
  heldUntilMs: number;
  /** The broker that refused last. */
  readonly broker: string;
  /** The fingerprint of the token of a file; null for others. */
  readonly token: string | null;
  readonly text: string;
}

interface Place {
  taken: number;
  readonly waiting: (() => void)[];
}

export function createLoginGate(now: () => number = Date.now, random: () => number = Math.random): LoginGate {
  const refusals = new Map<string, Refusals>();
  const places = new Map<string, Place>();

  /** A file's next token is another login. One that we fetch is not: the same login may have been refused for it. */
  const isHeld = (refused: Refusals | undefined, token: string | null): boolean =>
    refused !== undefined && refused.heldUntilMs > now() && refused.token === token;

  const failIfHeld = (key: string, token: string | null): void => {
    const refused = refusals.get(key);
    if (refused === undefined || !isHeld(refused, token)) return;
    throw refusal(`${refused.text}; not tried again before ${new Date(refused.heldUntilMs).toISOString()}`);
  };

  const enter = async (key: string, broker: string): Promise<() => void> => {
    const name = `${key} ${broker}`;
    const place = places.get(name) ?? { taken: 0, waiting: [] };
    places.set(name, place);
    const isFull = (): boolean => place.taken >= (refusals.has(key) ? 1 : LOGINS_AT_ONCE);
    while (isFull()) await new Promise<void>((resolve) => place.waiting.push(resolve));
    place.taken += 1;
    return () => {
      place.taken -= 1;
      // All check again, because a refusal or a successful login changes how many may try at once.
      const woken = place.waiting.splice(0);
      for (const resolve of woken) resolve();
      // Woken waiters still use this entry, even if others come first.
      if (place.taken === 0 && woken.length === 0) places.delete(name);
    };
  };

  const tryLogin = async (
    key: string,
    target: LoginTarget,
    { broker, again }: LoginAttempt,
    login: () => Promise<void>,
  ): Promise<void> => {
    const token = fileTokenOf(target);
    try {
      await login();
      refusals.delete(key);
    } catch (error) {
      if (isBrokenConnection(error) || (again && isOutOfTurn(error))) throw error;
      const known = refusals.get(key);
      // Simultaneous refusals count as one.
      if (!isHeld(known, token)) {
        const count = (known?.count ?? 0) + 1;
        const heldUntilMs = now() + backoffMs(REFUSED_BACKOFF, count, random());
        const text = refusalText(target.sasl, broker, error);
        refusals.set(key, { count, heldUntilMs, broker, token, text });
      }
      failIfHeld(key, token);
      throw error;
    }
  };

  return {
    async admit(target, at, login) {
      const { broker, again } = at;
      const key = fingerprintOf([target.brokers, target.sasl]);
      const token = fileTokenOf(target);
      // Only its own broker's refusal delays a renewal: another broker may be misconfigured. A renewal does not queue
      // either: earlier requests on its connection may already delay it.
      if (again && refusals.has(key) && refusals.get(key)?.broker !== broker) return login();
      failIfHeld(key, token);
      if (again) return tryLogin(key, target, at, login);
      const leave = await enter(key, broker);
      try {
        failIfHeld(key, token);
        await tryLogin(key, target, at, login);
      } finally {
        leave();
      }
      return undefined;
    },
  };
}

function isBrokenConnection(error: unknown): boolean {
  return error instanceof KafkaJSConnectionError || error instanceof KafkaJSRequestTimeoutError;
}

function fileTokenOf({ sasl, token }: LoginTarget): string | null {
  return "tokenFile" in sasl && token !== null ? fingerprintOf(token.value) : null;
}

/** A broker takes one renewal a second. The login may be right: a token in its last seconds gives such short sessions. */
function isOutOfTurn(error: unknown): boolean {
  return error instanceof Error && "type" in error && error.type === "ILLEGAL_SASL_STATE";
}

function refusalText(sasl: SaslSettings, broker: string, error: unknown): string {
  const kafka = `Kafka at ${broker}`;
  const type = error instanceof Error && "type" in error ? error.type : null;
  const name = sasl.mechanism === "aws-msk-iam" ? "OAUTHBEARER" : sasl.mechanism.toUpperCase();
  if (isOutOfTurn(error)) return `${kafka} does not accept logins on this port, but kafka.sasl is set`;
  if (type === "UNSUPPORTED_SASL_MECHANISM" || /mechanism is not supported/.test(messageOf(error)))
    return `${kafka} does not offer ${name}, which kafka.sasl.mechanism names`;
  // Removes kafkajs' prefix and keeps the broker's words.
  const said = messageOf(error).replace(/^SASL .*? authentication failed: /, "");
  return `${kafka} refused the login (${name}) ${loginText(sasl)}: ${said}`;
}

function loginText(sasl: SaslSettings): string {
  if ("username" in sasl) return `of user ${sasl.username}`;
  if ("tokenFile" in sasl) return `with the token in ${sasl.tokenFile}`;
  if ("tokenEndpoint" in sasl) return `of client ${sasl.clientId} with a token from ${sasl.tokenEndpoint}`;
  const { roleArn, profile } = sasl;
  return `with AWS credentials of ${roleArn ?? (profile === null ? "the default chain" : `profile ${profile}`)}`;
}
