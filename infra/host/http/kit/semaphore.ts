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
      let given = false;
      return () => {
        if (!given) taken[access] -= 1;
        given = true;
      };
    },
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
  if (places.isFull(access)) return refuseBusy(c, what);
  return eventStream(c, async (send, signal) => {
    const leave = places.take(access);
    try {
      await run(send, signal);
    } finally {
      leave?.();
    }
  });
}
