import { BacklogLane } from "./backlog-lane.ts";
import type { LaneDeps } from "./lane-deps.ts";
import type { OpenRead } from "./open-read.ts";
import { TailLane } from "./tail-lane.ts";

/** One broker's lanes and the partitions read from it. */
export interface BrokerLanes {
  readonly node: number;
  readonly reads: Set<OpenRead>;
  readonly tail: TailLane;
  readonly backlog: BacklogLane;
}

/** Connects the two lanes, so that partitions move between them. */
export function createBrokerLanes(deps: LaneDeps): BrokerLanes {
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
