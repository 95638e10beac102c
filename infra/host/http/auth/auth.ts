import type { Context, MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";
import { PROOF_SCHEME } from "../../../../lib/rules/secrets/peer-proof.ts";
import { isLoopbackHost, isLoopbackHostname } from "../../../../lib/rules/secrets/loopback.ts";
import type { HttpSettings } from "../../../../lib/rules/model/settings.ts";
import type { PeerGate, ProvedPeer } from "../../fleet/peer-gate.ts";
import { accessOf, isSafe, refuseChange, type Tokens } from "./access.ts";
import { hostOf, isOwnTls, originOf } from "./origin.ts";
import { askedOf, seeksPage } from "../kit/mount.ts";
import { problem } from "../kit/problem.ts";
import type { AccessClass } from "../../../api/kit/route.ts";
import { type Access, secureSessionCookie, sessionCookie } from "../../../api/session.ts";
import type { Sessions } from "./sessions.ts";

declare module "hono" {
  interface ContextVariableMap {
    /** Set by the guard for every request that needs a credential: what that allows. Everything if no token is set. */
    access: Access;
    /** Set by the guard if another host of the group asks. */
    peer?: ProvedPeer;
    /** Set by the guard: whether this request would still be let in, asked while its answer streams. */
    isStillAllowed: () => boolean;
    /** Set by the guard: whether the caller of an open path may also call closed ones. */
    isKnown: () => boolean;
  }
}

/** Answers a wrong token. */
export type RefuseToken = (c: Context) => Response;

export interface GuardDeps {
  settings(): HttpSettings;
  readonly sessions: Sessions;
  readonly peers: PeerGate;
  readonly refuseToken: RefuseToken;
}

/** Returns whether the route has one of these classes; without a route for the method, whether any of the path has. */
function isOf(c: Context, ...classes: readonly AccessClass[]): boolean {
  const { route, ofPath } = askedOf(c);
  return (route === undefined ? ofPath : [route]).some(({ access }) => classes.includes(access));
}

/**
 * Lets a request in or refuses it, by the access class of its route. Without a token: only requests of this machine to
 * a loopback name (otherwise DNS rebinding would let any web page in), and none of foreign pages. With a token: requests
 * that carry it as a header, or the cookie it was traded for, or, for what hosts ask each other, a proof. A path without a definition is closed.
 *
 * Settings are read at each request, because tokens may change while the host runs.
 */
export function guard(deps: GuardDeps): MiddlewareHandler {
  const { sessions, refuseToken } = deps;
  return async (c, next) => {
    const peer = await peerOf(c, deps.peers);
    if (peer !== null) c.set("peer", peer);
    const refusal = (refuse: RefuseToken): Response | null => {
      const { token, readOnlyToken, hostname, openMetrics } = deps.settings();
      if (token === null) {
        c.set("access", "full");
        return refuseStranger(c, hostname);
      }
      if (!isHost(hostOf(c.req) ?? "")) return problem(c, 400, "The Host header must name one host.");
      if (isOf(c, "open", "page") || seeksPage(c) || (openMetrics && isOf(c, "metrics"))) return null;
      const access =
        peer?.isCurrent() === true
          ? "read-only"
          : credentialOf(c, { token, readOnlyToken }, sessions, refuse);
      if (typeof access !== "string") return access;
      c.set("access", access);
      return refuseChange(c, access);
    };
    c.set("isStillAllowed", () => refusal(wrongToken) === null);
    c.set("isKnown", () => {
      const { token, readOnlyToken } = deps.settings();
      // A wrong token counts here too; otherwise guesses would be free on this path.
      return (
        token === null || typeof credentialOf(c, { token, readOnlyToken }, sessions, refuseToken) === "string"
      );
    });
    return refusal(refuseToken) ?? next();
  };
}

/**
 * One name or address, optionally with a port. A proxy in front might have read anything else differently, and a
 * `Request` with such a URL cannot be copied.
 */
function isHost(host: string): boolean {
  const isOne = /^(?:[\w.~%!$&'()*+;=-]+|\[[\da-f:.]+\])(?::\d{0,5})?$/i.test(host);
  return isOne && URL.canParse(`http://${host}`);
}

function refuseStranger(c: Context, hostname: string): Response | null {
  if (!isLoopbackHostname(hostname)) {
    return problem(c, 403, "Without http.token this host answers on a loopback address only.");
  }
  if (!isLoopbackHost(hostOf(c.req) ?? "")) {
    return problem(c, 403, "Without http.token the Host header must name a loopback address or localhost.");
  }
  return originOf(c.req) === "foreign" ? refuseForeignOrigin(c) : refuseForeignPage(c);
}

/** The host that proves to have a token of ours, if its route is for hosts; null for everybody else. */
async function peerOf(c: Context, peers: PeerGate): Promise<ProvedPeer | null> {
  const header = c.req.header("authorization");
  if (header === undefined || !isOf(c, "peer")) return null;
  const { pathname, search } = new URL(c.req.url);
  return peers.recognize(header, `${pathname}${search}`);
}

/** Returns what a credential allows, or the refusal. */
function credentialOf(
  c: Context,
  tokens: Tokens,
  sessions: Sessions,
  refuseToken: RefuseToken,
): Access | Response {
  const header = c.req.header("authorization");
  if (header !== undefined) {
    // Trying proofs is guessing tokens, too.
    if (header.startsWith(`${PROOF_SCHEME} `) && isOf(c, "peer")) return refuseToken(c);
    const given = /^Bearer +([\x21-\x7e]+) *$/i.exec(header)?.[1];
    if (given === undefined) {
      return unauthorized(c, "The Authorization header must read: Bearer <token>.", "invalid_request");
    }
    return accessOf(given, tokens) ?? refuseToken(c);
  }
  const session = sessionOf(c);
  if (session === undefined) {
    return unauthorized(c, "An access token is needed: Authorization: Bearer <token>, or sign in at /.");
  }
  const access = sessionAccess(session, tokens, sessions);
  if (access === null) return unauthorized(c, "The session has ended. Sign in again.");
  return refuseForgedWrite(c) ?? refuseForeignPage(c) ?? access;
}

/** The id in the cookie. If the host ends TLS, only under the name that no other host can set. */
export function sessionOf(c: Context): string | undefined {
  return getCookie(c, secureSessionCookie) ?? (isOwnTls(c.req) ? undefined : getCookie(c, sessionCookie));
}

/** A session allows what the token that opened it allows now; null if it has ended. */
export function sessionAccess(
  session: string,
  { token, readOnlyToken }: Tokens,
  sessions: Sessions,
): Access | null {
  if (sessions.holds(session, token)) return "full";
  return readOnlyToken !== null && sessions.holds(session, readOnlyToken) ? "read-only" : null;
}

/**
 * Pages of other sites can send GETs without an Origin. They see no answer, but the host would do the work. Browsers
 * name the origin of each request (Fetch Metadata, https://www.w3.org/TR/fetch-metadata/). Links to a page are allowed.
 */
export function refuseForeignPage(c: Context): Response | null {
  const site = c.req.header("sec-fetch-site");
  if (site !== "cross-site" && site !== "same-site") return null;
  if (c.req.header("sec-fetch-mode") === "navigate" && isOf(c, "page")) return null;
  return problem(
    c,
    403,
    "Pages of other sites may not call this host; they may only link to the console's pages.",
  );
}

/** Browsers add the cookie automatically, so a write with it must come from one of our own pages. */
export function refuseForgedWrite(c: Context): Response | null {
  return isSafe(c) || originOf(c.req) === "own" ? null : refuseForeignOrigin(c);
}

export function refuseForeignOrigin(c: Context): Response {
  return problem(c, 403, "The Origin header must name this host itself.");
}

export function wrongToken(c: Context): Response {
  return unauthorized(c, "That token was not accepted.", "invalid_token");
}

/** A 401 with the challenge of RFC 6750, section 3: without an `error` code if no credential was sent. */
function unauthorized(c: Context, detail: string, error?: "invalid_request" | "invalid_token"): Response {
  const challenge = `Bearer realm="penstock"${error === undefined ? "" : `, error="${error}"`}`;
  return problem(c, 401, detail, { headers: { "www-authenticate": challenge } });
}
