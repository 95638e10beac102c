import type { Context } from "hono";
import { eventStream, type SendEvent } from "./event-stream.ts";
import { refuseBusy } from "./problem.ts";
import type { Access } from "../../../api/session.ts";

/**
 * Limits how many of something run at once. Without a free place a request is refused, and does not wait. The read-only
 * token gets at most three quarters of the places, so it can never shut out the full one.
 */
export interface Places {
  /** @returns gives the place back, safe to call twice; null if no place is left for this access */
  take(access: Access): (() => void) | null;
  isFull(access: Access): boolean;
  /** How many are taken by whom. */
  holders(): string;
}

export function createPlaces(count: number): Places {
  const taken: Record<Access, number> = { full: 0, "read-only": 0 };
  const shares: Readonly<Record<Access, number>> = {
    full: count,
    "read-only": Math.max(1, Math.floor((count * 3) / 4)),
  };
  const isFull = (access: Access): boolean =>
    taken.full + taken["read-only"] >= count || taken[access] >= shares[access];
  return {
    isFull,
    take(access) {
      if (isFull(access)) return null;
      taken[access] += 1;
      return once(() => {
        taken[access] -= 1;
      });
    },
    holders: () => `${taken.full} with full access, ${taken["read-only"]} read-only`,
  };
}

/**
 * Places for other hosts, whose access does not matter: `count` together, and `each` for one address, so that no host
 * takes those of all others.
 */
export function createHostPlaces(count: number, each: number): (address: string) => Places {
  const taken = new Map<string, number>();
  const of = (address: string): number => taken.get(address) ?? 0;
  const all = (): number => taken.values().reduce((sum, some) => sum + some, 0);
  const holders = (): string => [...taken].map(([address, some]) => `${some} of ${address}`).join(", ");
  return (address) => {
    const isFull = (): boolean => all() >= count || of(address) >= each;
    return {
      isFull,
      holders,
      take() {
        if (isFull()) return null;
        taken.set(address, of(address) + 1);
        return once(() => {
          if (of(address) > 1) taken.set(address, of(address) - 1);
          else taken.delete(address);
        });
      },
    };
  };
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (!done) act();
    done = true;
  };
}

/** Does the work in a place, or answers 429. @param what see `refuseBusy` */
export async function inPlace(
  c: Context,
  places: Places,
  what: string,
  work: () => Promise<Response>,
): Promise<Response> {
  const leave = places.take(c.get("access"));
  if (leave === null) return refuseBusy(c, what);
  try {
    return await work();
  } finally {
    leave();
  }
}

/** An event stream that holds a place until it ends. */
export function streamInPlace(
  c: Context,
  places: Places,
  what: string,
  run: (send: SendEvent, signal: AbortSignal) => Promise<void>,
): Response {
  const access = c.get("access");
  if (places.isFull(access)) return refuseBusy(c, what, places.holders());
  return eventStream(c, async (send, signal) => {
    const leave = places.take(access);
    try {
      await run(send, signal);
    } finally {
      leave?.();
    }
  });
}
