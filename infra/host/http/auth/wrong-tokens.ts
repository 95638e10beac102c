/** Counts the wrong tokens that were sent, by address and in all. */
export interface WrongTokens {
  /**
   * Counts one.
   * @param address where it came from; of IPv6 the network of 64 bits counts, which one customer has
   * @returns seconds to wait before the next try; null: it was within bounds
   */
  count(address: string | null): number | null;
}

/** At once, and after that one in so many milliseconds. */
const PER_ADDRESS = { burst: 10, everyMs: 6_000 };
const IN_ALL = { burst: 100, everyMs: 600 };
/** The address that was silent longest is forgotten first. */
const ADDRESSES = 1_000;

interface Bucket {
  left: number;
  at: number;
}

/**
 * Only the wrong ones are counted and refused: a right token always gets in. Behind a proxy everybody has one address,
 * and whoever guesses there would otherwise lock everybody out. So this keeps the noise of guessing down and makes it
 * seen; that a token cannot be guessed is up to its length.
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

/** @returns milliseconds until one is left again; 0: one was, and is taken */
function take(bucket: Bucket, { burst, everyMs }: typeof PER_ADDRESS, atMs: number): number {
  // The clock may be set back.
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
