/** Counts wrong tokens, by address and in total. */
export interface WrongTokens {
  /**
   * Counts one.
   * @param address for IPv6, the 64-bit network counts: that is what one customer has
   * @returns seconds to wait before the next try; null if within the limits
   */
  count(address: string | null): number | null;
}

/** Allowed at once; afterwards one per `everyMs`. */
const PER_ADDRESS = { burst: 10, everyMs: 6_000 };
const IN_ALL = { burst: 100, everyMs: 600 };
/** Beyond that, the address that was silent longest is forgotten. */
const ADDRESSES = 1_000;

interface Bucket {
  left: number;
  at: number;
}

/**
 * Counts and refuses only wrong tokens; a right one always gets in. Behind a proxy all clients share one address, so
 * one that guesses would otherwise lock out the rest. This limits and reveals guessing; only the token's length stops it.
 * @param now milliseconds since the epoch
 */
export function createWrongTokens(now: () => number): WrongTokens {
  const all: Bucket = { left: IN_ALL.burst, at: now() };
  const addresses = new Map<string, Bucket>();

  return {
    count(address) {
      const name = networkOf(address ?? "");
      const bucket = addresses.get(name) ?? { left: PER_ADDRESS.burst, at: now() };
      addresses.delete(name);
      addresses.set(name, bucket);
      const [silent] = addresses.keys();
      if (addresses.size > ADDRESSES && silent !== undefined) addresses.delete(silent);
      const waitMs = take(bucket, PER_ADDRESS, now()) || take(all, IN_ALL, now());
      return waitMs === 0 ? null : Math.ceil(waitMs / 1_000);
    },
  };
}

/** @returns milliseconds until the next is allowed; 0 if one was left and is now taken */
function take(bucket: Bucket, { burst, everyMs }: typeof PER_ADDRESS, atMs: number): number {
  // The clock may go back.
  bucket.left = Math.min(burst, bucket.left + Math.max(0, atMs - bucket.at) / everyMs);
  bucket.at = atMs;
  if (bucket.left < 1) return (1 - bucket.left) * everyMs;
  bucket.left -= 1;
  return 0;
}

function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(":")) return address;
  const [head = ""] = address.split("::");
  const groups = head.split(":").filter((group) => group !== "");
  return [...groups, "0", "0", "0", "0"].slice(0, 4).join(":");
}
