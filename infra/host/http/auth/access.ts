import type { Context } from "hono";
import type { Secret } from "../../../../lib/rules/secrets/secret.ts";
import type { HttpSettings } from "../../../../lib/rules/model/settings.ts";
import { problem } from "../kit/problem.ts";
import type { AccessClass } from "../../../api/kit/route.ts";
import type { Access } from "../../../api/session.ts";
import { askedOf } from "../kit/mount.ts";
import { sameSecret } from "./sessions.ts";

/** The valid tokens. */
export type Tokens = Pick<HttpSettings, "readOnlyToken"> & { readonly token: Secret };

/** Returns what a token allows; null if it is not ours. Takes the same time for any token. */
export function accessOf(given: string, { token, readOnlyToken }: Tokens): Access | null {
  const isFull = sameSecret(given, token);
  const isReadOnly = sameSecret(given, readOnlyToken ?? token) && readOnlyToken !== null;
  return isFull ? "full" : isReadOnly ? "read-only" : null;
}

const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Returns whether the method alone rules out a change. */
export function isSafe(c: Context): boolean {
  return safeMethods.has(c.req.method);
}

/** Refuses changes by the read-only token; null if allowed. If no route answers, the method decides. */
export function refuseChange(c: Context, access: Access): Response | null {
  const { route } = askedOf(c);
  const isAllowed = route === undefined ? isSafe(c) : mayLook(route.access, c);
  if (access === "full" || isAllowed) return null;
  return problem(c, 403, "The read-only token may read and make dry runs, but not change anything.");
}

function mayLook(access: AccessClass, c: Context): boolean {
  switch (access) {
    case "open":
    case "page":
    case "metrics":
    case "look":
    case "peer":
      return true;
    case "change-unless-dry":
      return isDryRun(c);
    case "change":
      return false;
  }
}

function isDryRun(c: Context): boolean {
  const { dryRun = [], ...others } = c.req.queries();
  return dryRun.length === 1 && dryRun[0] === "true" && Object.keys(others).length === 0;
}
