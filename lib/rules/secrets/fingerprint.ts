import { createHash } from "node:crypto";
import { Secret } from "./secret.ts";

/**
 * The same for the same data, secrets included: 43 characters of base64url. Data is plain, and the same code builds it, so
 * that its fields stand in the same order.
 *
 * It never leaves the process: whoever saw it could try short passwords until one fits.
 */
export function fingerprintOf(data: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify(revealed(data)))
    .digest("base64url");
}

/** A copy that JSON can tell apart; a secret is no text, so that it is never equal to one. */
function revealed(value: unknown): unknown {
  if (value instanceof Secret) return { secret: value.reveal() };
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, revealed(item)]));
}
