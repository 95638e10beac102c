import type { Context } from "hono";
import type { Secret } from "../../../../lib/rules/secrets/secret.ts";
import type { HttpSettings } from "../../../../lib/rules/model/settings.ts";
import { problem } from "../kit/problem.ts";
import type { Access } from "../../../api/session-answer.ts";
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

/** A run that touches nothing. A replay's is not among them: it is a job, and one runs at a time. */
const dryPaths: ReadonlySet<string> = new Set(["/reconcile", "/declarations"]);

/** Refuses whoever may only look what changes something; null: this may be. */
export function refuseChange(c: Context, access: Access): Response | null {
  if (access === "full" || isSafe(c) || isDryRun(c)) return null;
  return problem(c, 403, "The read-only token may look, and run dry, but not change anything.");
}

function isDryRun(c: Context): boolean {
  const { dryRun = [], ...others } = c.req.queries();
  const isDry = dryRun.length === 1 && dryRun[0] === "true" && Object.keys(others).length === 0;
  return isDry && c.req.method === "POST" && dryPaths.has(c.req.path);
}
