import type { Context } from "hono";
import type { Secret } from "../../../../lib/rules/secrets/secret.ts";
import type { HttpSettings } from "../../../../lib/rules/model/settings.ts";
import { problem } from "../kit/problem.ts";
import type { AccessClass } from "../../../api/kit/route.ts";
import type { Access } from "../../../api/session.ts";
import { askedOf } from "../kit/mount.ts";
import { sameSecret } from "./sessions.ts";

/** The tokens that let in. */
export type Tokens = Pick<HttpSettings, "readOnlyToken"> & { readonly token: Secret };

/** What a token lets do; null: it is none of ours. Takes as long whichever it is. */
export function accessOf(given: string, { token, readOnlyToken }: Tokens): Access | null {
  const isFull = sameSecret(given, token);
  const isReadOnly = sameSecret(given, readOnlyToken ?? token) && readOnlyToken !== null;
  return isFull ? "full" : isReadOnly ? "read-only" : null;
}

const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** True of what changes nothing by its method alone. */
export function isSafe(c: Context): boolean {
  return safeMethods.has(c.req.method);
}

/** Refuses a change asked for with the read-only token; null: allowed. What no route answers goes by its method. */
export function refuseChange(c: Context, access: Access): Response | null {
  const { route } = askedOf(c);
  const isAllowed = route === undefined ? isSafe(c) : mayLook(route.access, c);
  if (access === "full" || isAllowed) return null;
  return problem(c, 403, "The read-only token may look, and run dry, but not change anything.");
}

function mayLook(access: AccessClass, c: Context): boolean {
  switch (access) {
    case "open":
    case "page":
    case "metrics":
    case "look":
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
