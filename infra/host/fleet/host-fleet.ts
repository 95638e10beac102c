import { askPeer } from "../../../lib/adapters/peers/ask-peer.ts";
import { followPeer } from "../../../lib/adapters/peers/follow-peer.ts";
import { createProofKeys } from "../../../lib/adapters/peers/proof-keys.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";
import type { HostIdentity } from "./identity.ts";
import type { Settings } from "../../../lib/rules/model/settings.ts";
import type { History } from "../live/history.ts";
import type { Clients } from "../reconcile/clients.ts";
import type { ConsumerPool } from "../topic/consumer-pool.ts";
import { createFleetWatch, type FleetWatch } from "./fleet-watch.ts";
import { createGroupWatch } from "./group-watch.ts";
import { ownReport } from "./own-report.ts";
import { createPeerGate, type PeerGate } from "./peer-gate.ts";
import type { TailHub } from "../services/tail-hub.ts";
import { createFleetTails, type FleetTails } from "./fleet-tails.ts";
import { createPeers } from "./peers.ts";

/** The parts of a host that the view of its group needs. */
export interface FleetHostParts {
  readonly options: {
    readonly logger: Logger;
    readonly now: () => number;
    readonly monotonicMs: () => number;
    readonly newMarker: () => string;
  };
  readonly self: HostIdentity;
  readonly clients: Pick<Clients, "cluster">;
  readonly flow: { readonly pool: Pick<ConsumerPool, "statuses"> };
  readonly history: History;
  readonly tails: Pick<TailHub, "follow">;
  settings(): Settings;
}

/** The group as this host shows it, and how others ask this host. */
export function createHostFleet(host: FleetHostParts): {
  readonly fleet: FleetWatch;
  readonly tails: FleetTails;
  readonly peers: PeerGate;
} {
  const { options, self, clients, flow, history } = host;
  const { logger, now, monotonicMs } = options;
  const keyOf = createProofKeys();
  const group = () => host.settings().kafka.group;
  const members = createGroupWatch({
    now,
    monotonicMs,
    logger,
    members: (signal) => clients.cluster.groupMembers(group(), signal),
  });
  const proofs = { keyOf, now, settings: () => host.settings().http, newNonce: options.newMarker };
  const peers = createPeers({ ...proofs, monotonicMs, ask: askPeer });
  return {
    tails: createFleetTails({
      ...proofs,
      ...self,
      local: host.tails,
      members,
      monotonicMs,
      stream: followPeer,
    }),
    fleet: createFleetWatch({
      id: self.id,
      profile: self.profile,
      members,
      peers,
      group,
      monotonicMs,
      report: () => ownReport(self.id, flow.pool.statuses(), history),
    }),
    peers: createPeerGate({ tokens: () => host.settings().http, address: self.profile.address, keyOf, now }),
  };
}
