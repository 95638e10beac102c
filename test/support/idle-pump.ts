import type { Pump, TopicEvents } from "../../infra/host/pump-deps.ts";

/** A pump that moves nothing; what of it matters is given. */
export function idlePump(own: Partial<Pump> = {}): Pump {
  return {
    assign() {},
    beforeRejoin: () => Promise.resolve(),
    decode: () => Promise.resolve(() => {}),
    accept: () => Promise.resolve(),
    observe() {},
    fetchBytes: () => 65_536,
    partitions: () => [],
    trouble: null,
    drain: () => Promise.resolve(true),
    close() {},
    ...own,
  };
}

/** Of a topic whose events nobody looks at. */
export const unheard: TopicEvents = {
  consumed() {},
  outcomes() {},
  retried() {},
  gaveWay() {},
  setAside() {},
  commitFailed() {},
};
