import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Secret } from "../../../../lib/rules/secrets/secret.ts";

/** Browsers that traded the token for a cookie. The cookie is a random id, so it reveals nothing about the token. */
export interface Sessions {
  /** Starts a session under the current token. Returns its id. */
  open(token: Secret): string;
  /** Returns whether the session is known, not expired, and was opened with this token. */
  holds(id: string, token: Secret): boolean;
  close(id: string): void;
}

/** How long a session lasts. */
export const sessionSeconds = 12 * 60 * 60;
/** Per token. Only owners of a token open sessions; this bounds what a careless script leaves behind. */
const maxSessions = 1_000;

/** Keeps sessions in memory. They end with the host and with the token that opened them. */
export function createSessions(now: () => number): Sessions {
  const sessions = new Map<string, { readonly token: Buffer; readonly expiresAt: number }>();

  return {
    open(token) {
      const hash = digest(token.reveal());
      const alike: string[] = [];
      for (const [id, session] of sessions) {
        if (session.expiresAt <= now()) sessions.delete(id);
        else if (session.token.equals(hash)) alike.push(id);
      }
      // The read-only token must not be able to end sessions of the full one.
      const [oldest] = sessions.keys();
      if (alike.length >= maxSessions) sessions.delete(alike[0] ?? "");
      else if (sessions.size >= 4 * maxSessions && oldest !== undefined) sessions.delete(oldest);
      const id = randomBytes(32).toString("base64url");
      sessions.set(id, { token: hash, expiresAt: now() + sessionSeconds * 1000 });
      return id;
    },
    holds(id, token) {
      const session = sessions.get(id);
      return (
        session !== undefined &&
        session.expiresAt > now() &&
        timingSafeEqual(session.token, digest(token.reveal()))
      );
    },
    close: (id) => void sessions.delete(id),
  };
}

/** Compares in constant time. Digests hide even the length. */
export function sameSecret(given: string, wanted: Secret): boolean {
  return timingSafeEqual(digest(given), digest(wanted.reveal()));
}

function digest(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
