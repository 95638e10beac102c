import { Secret } from "./secret.ts";

/** What shows its bearer to a server, until it expires (RFC 6750). */
export interface BearerToken {
  readonly value: Secret;
  /** When we got it, in milliseconds since the epoch, as is the next. */
  readonly sinceMs: number;
  /** Null if unknown: the token is opaque, and nobody said. */
  readonly expiresAtMs: number | null;
}

/** Begins the reason why there is none. */
export const NO_TOKEN = "there is no token for the login at Kafka";

/** The part of a token's life after which it is renewed: what is left bridges an outage of its issuer. */
const RENEW_AFTER = 0.6;
/** For a token of unknown life. */
const UNKNOWN_RENEW_MS = 5 * 60_000;
const LONGEST_RENEW_MS = 24 * 3_600_000;

/** The token in a text, or null if there is none: several words, or characters that cannot be sent (RFC 6750, section 2.1). */
export function tokenIn(text: string): string | null {
  const token = text.trim();
  return /^[A-Za-z0-9._~+/-]+=*$/.test(token) ? token : null;
}

/**
 * @param sinceMs now, in milliseconds since the epoch
 * @param lifeMs as its issuer said; null to read it from the token if that is a JWT
 */
export function bearerToken(token: string, sinceMs: number, lifeMs: number | null): BearerToken {
  const expiresAtMs = lifeMs === null ? expiryOf(token) : sinceMs + lifeMs;
  return { value: new Secret(token), sinceMs, expiresAtMs };
}

/**
 * When to get the next one. Earlier than a connection logs in again, which is when a third of its session is left, or 10 s:
 * with a token as old as the session, the next would be shorter each time.
 */
export function renewAtMs({ sinceMs, expiresAtMs }: BearerToken): number {
  if (expiresAtMs === null) return sinceMs + UNKNOWN_RENEW_MS;
  return sinceMs + Math.min((expiresAtMs - sinceMs) * RENEW_AFTER, LONGEST_RENEW_MS);
}

/** False if its expiry is unknown. */
export function hasExpired({ expiresAtMs }: BearerToken, nowMs: number): boolean {
  return expiresAtMs !== null && expiresAtMs <= nowMs;
}

/** The `exp` of a JWT (RFC 7519), in milliseconds; null for any other token. It is not verified: the broker does that. */
function expiryOf(token: string): number | null {
  const [, payload, signature] = token.split(".");
  if (payload === undefined || signature === undefined) return null;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString());
    if (typeof claims !== "object" || claims === null || !("exp" in claims)) return null;
    return typeof claims.exp === "number" ? claims.exp * 1000 : null;
  } catch {
    return null;
  }
}
