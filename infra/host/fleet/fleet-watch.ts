import { fleet } from "../../../functions/fleet.ts";
import type { FleetInput, FleetResult, HostReport } from "../../../functions/fleet/model.ts";
import { type Owners, ownersOf } from "../../../functions/fleet/owners.ts";
import type { HostProfile } from "../../../lib/rules/group/protocol/profile.ts";
import type { GroupWatch } from "./group-watch.ts";
import type { Peers } from "./peers.ts";

/** Shows all hosts of the group. */
export interface FleetWatch {
  look(wanted: Pick<FleetInput, "topic" | "limit">): Promise<FleetResult>;
  /** Who reads the topic's partitions, as last known: somebody looks, so Kafka is asked in the background. */
  owners(topic: string): Owners;
  /** As Kafka says now, within 4 s; null if it does not, or not of every member. Never throws. */
  currentOwners(topic: string): Promise<Owners>;
  /** As JSON, for other hosts. */
  report(): string;
  stop(): Promise<void>;
}

export interface FleetWatchDeps {
  /** Constant while this process runs. */
  readonly id: string;
  readonly profile: HostProfile;
  readonly members: GroupWatch;
  readonly peers: Peers;
  group(): string;
  /** Reads memory. */
  report(): HostReport;
  readonly monotonicMs: () => number;
}

/** Several hosts and pages may ask at once. */
const FRESH_MS = 1_000;

export function createFleetWatch(deps: FleetWatchDeps): FleetWatch {
  const { profile, members, peers } = deps;
  let last: { readonly report: HostReport; readonly atMs: number; json: string | null } | null = null;
  const current = () => {
    const nowMs = deps.monotonicMs();
    if (last === null || nowMs - last.atMs >= FRESH_MS)
      last = { report: deps.report(), atMs: nowMs, json: null };
    return last;
  };
  const ownersIn = (topic: string): Owners => ownersOf(topic, { host: deps.id, ...profile }, members.roster);
  return {
    async look(wanted) {
      const { report } = current();
      await members.look();
      const others = members.roster?.members.filter(({ host }) => host !== report.host) ?? [];
      await peers.look(others);
      return fleet({
        group: deps.group(),
        self: { ...report, ...profile },
        roster: members.roster,
        problem: members.problem,
        peers: peers.states,
        gone: members.gone,
        ...wanted,
      });
    },
    owners(topic) {
      void members.look();
      return ownersIn(topic);
    },
    async currentOwners(topic) {
      await members.look();
      const isKnown = members.problem === null && members.roster?.isSettled === true;
      return isKnown ? ownersIn(topic) : null;
    },
    report() {
      const held = current();
      return (held.json ??= JSON.stringify(held.report));
    },
    async stop() {
      await Promise.all([members.stop(), peers.stop()]);
    },
  };
}
