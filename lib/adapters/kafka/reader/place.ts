import { BacklogLane } from "./backlog-lane.ts";
import type { LaneDeps } from "./lane-deps.ts";
import type { OpenRead } from "./open-read.ts";
import { TailLane } from "./tail-lane.ts";

/** One broker's lanes, and what is read there. */
export interface Place {
  readonly node: number;
  readonly reads: Set<OpenRead>;
  readonly tail: TailLane;
  readonly backlog: BacklogLane;
}

/** What one lane is done with goes to the other. Whoever creates it closes both. */
export function createPlace(deps: LaneDeps): Place {
  const backlog: BacklogLane = new BacklogLane({
    ...deps,
    toTail: (read) => {
      read.leaderOnlyUntilMs = 0;
      tail.add(read);
    },
  });
  const tail = new TailLane({
    ...deps,
    isOpening: () => backlog.isOpening,
    onTaken: (read) => backlog.handOver(read),
  });
  return { node: deps.node, reads: new Set(), tail, backlog };
}
