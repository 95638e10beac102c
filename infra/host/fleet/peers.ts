import type { HostReport, PeerState } from "../../../functions/fleet/model.ts";
import type { PeerAnswer, PeerRequest } from "../../../lib/adapters/peers/ask-peer.ts";
import { messageOf } from "../../../lib/rules/base/errors.ts";
import type { RosterMember } from "../../../lib/rules/group/roster.ts";
import { createTurns } from "../../../lib/rules/limits/turns.ts";
import { ANSWER_PROOF } from "../../../lib/rules/secrets/peer-proof.ts";
import { fleet, hostReport } from "../../api/fleet/fleet.ts";
import { isLoopback, NOT_PROVED, proofFor, type ProofDeps } from "./own-proof.ts";

/** Asks the other hosts of the group for their figures, while somebody looks. */
export interface Peers {
  /** By `RosterMember.host`. */
  readonly states: ReadonlyMap<string, PeerState>;
  /** Asks those of the members that are due, and forgets all others. Never throws. */
  look(members: readonly RosterMember[]): Promise<void>;
  stop(): Promise<void>;
}

export interface PeersDeps extends ProofDeps {
  ask(this: void, request: PeerRequest): Promise<PeerAnswer>;
  readonly monotonicMs: () => number;
}

/** A page that asks more often gets the same figures. */
const FRESH_MS = 2_000;
/** A host that does not answer is not asked all the time. */
const AWAY_MS = 5_000;
const ANSWER_MS = 4_000;
/** With 10,000 topics an answer is 2 MB. */
const MOST_BYTES = 16 * 1024 * 1024;
/** More hosts than any group has; a stranger may join many times. */
const MOST_PEERS = 100;
/** Asked at once, because each answer may take the most bytes. */
const AT_ONCE = 4;
/** How long somebody who looks waits for a new answer of hosts whose last one is known. */
const PATIENCE_MS = 300;

interface Peer {
  state: PeerState | null;
  dueMs: number;
  asking: Promise<void> | null;
}

export function createPeers(deps: PeersDeps): Peers {
  const life = new AbortController();
  const peers = new Map<string, Peer>();
  // Hosts that answer do not wait for those that let everybody wait.
  const turns = { known: createTurns(AT_ONCE), other: createTurns(AT_ONCE) };

  const refresh = async (peer: Peer, host: string, address: string): Promise<void> => {
    // It left while it waited for its turn.
    if (peers.get(host) !== peer) return;
    const state = await askFor(deps, host, address, life.signal).then(
      (report): PeerState => ({ kind: "answers", report }),
      (error: unknown): PeerState => ({
        kind: "away",
        reason: messageOf(error),
        sinceMs: peer.state?.kind === "away" ? peer.state.sinceMs : deps.now(),
      }),
    );
    peer.state = state;
    peer.dueMs = deps.monotonicMs() + (state.kind === "answers" ? FRESH_MS : AWAY_MS);
  };

  return {
    get states() {
      return new Map(
        [...peers].flatMap(([host, { state }]) => (state === null ? [] : [[host, state] as const])),
      );
    },
    async look(members) {
      const known = members
        .flatMap(({ host, profile }) => (host === null || profile === null ? [] : [{ host, profile }]))
        .slice(0, MOST_PEERS);
      const present = new Set(known.map(({ host }) => host));
      for (const host of peers.keys()) if (!present.has(host)) peers.delete(host);
      if (life.signal.aborted) return;
      const patience = Promise.withResolvers<void>();
      const firstAnswers = Promise.withResolvers<void>();
      const timers = [setTimeout(patience.resolve, PATIENCE_MS), setTimeout(firstAnswers.resolve, ANSWER_MS)];
      const waits = known.map(({ host, profile }) => {
        const peer = peers.get(host) ?? { state: null, dueMs: -Infinity, asking: null };
        peers.set(host, peer);
        if (peer.asking === null && peer.dueMs <= deps.monotonicMs())
          peer.asking = turns[peer.state?.kind === "answers" ? "known" : "other"](() =>
            refresh(peer, host, profile.address),
          ).finally(() => {
            peer.asking = null;
          });
        const asked = peer.asking ?? Promise.resolve();
        return Promise.race([asked, (peer.state === null ? firstAnswers : patience).promise]);
      });
      await Promise.all(waits);
      for (const timer of timers) clearTimeout(timer);
    },
    async stop() {
      life.abort(new Error("the host is stopping"));
      await Promise.all([...peers.values()].flatMap(({ asking }) => asking ?? []));
    },
  };
}

/** @throws Error with the reason as a clause */
async function askFor(
  deps: PeersDeps,
  host: string,
  address: string,
  signal: AbortSignal,
): Promise<HostReport> {
  const { path } = fleet.routes.report;
  try {
    const { isProved, mayProve, ...how } = await proofFor(deps, address, path);
    const { status, headers, body } = await deps.ask({
      address,
      path,
      ...how,
      timeoutMs: ANSWER_MS,
      maxBytes: MOST_BYTES,
      isWanted: (answer) => answer.status === 200 && mayProve(answer.headers.get(ANSWER_PROOF) ?? ""),
      signal,
    });
    if (status === 401) throw new Error(REFUSED);
    if (status !== 200) throw new Error(`it answers HTTP ${status}`);
    if (!isProved(body, headers.get(ANSWER_PROOF) ?? "")) throw new Error(NOT_PROVED);
    return reportIn(body, host);
  } catch (error) {
    if (!isLoopback(address)) throw error;
    const hint = "a loopback address reaches hosts of the same machine only: see http.advertised";
    throw new Error(`${messageOf(error)} (${hint})`, { cause: error });
  }
}

const REFUSED =
  "it does not accept this host's token: all hosts of a group need the same http.token and http.readOnlyToken, and their clocks must agree to the minute";

function reportIn(body: string, host: string): HostReport {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch (cause) {
    throw new Error("its answer is not JSON", { cause });
  }
  const read = hostReport.safeParse(json);
  if (!read.success) throw new Error("its answer is not that of a host of this version");
  if (read.data.host !== host) throw new Error("another host answers at its address");
  return read.data;
}
