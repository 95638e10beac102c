import { createHash } from "node:crypto";
import { Secret } from "./secret.ts";

/**
 * A hash of plain data, secrets included: 43 characters of base64url. Build the data with the same code each time, because
 * the order of its fields counts.
 *
 * It must never leave the process: it would let somebody try short passwords until one fits.
 */
export function fingerprintOf(data: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify(revealed(data)))
    .digest("base64url");
}

/** A copy for JSON. A secret becomes an object, so that it never equals a plain text. */
function revealed(value: unknown): unknown {
  if (value instanceof Secret) return { secret: value.reveal() };
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, revealed(item)]));
}
