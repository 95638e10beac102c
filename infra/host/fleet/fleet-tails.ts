import type { PeerStream } from "../../../lib/adapters/peers/follow-peer.ts";
import { messageOf } from "../../../lib/rules/base/errors.ts";
import type { HostProfile } from "../../../lib/rules/group/protocol/profile.ts";
import type { RosterMember } from "../../../lib/rules/group/roster.ts";
import { labelsOf } from "../../../functions/fleet/labels.ts";
import { provedEvent, tailEvent } from "../../api/fleet/tail-events.ts";
import { logs } from "../../api/logs.ts";
import { type SendEvent, untilAborted } from "../http/kit/event-stream.ts";
import type { TailHub, TailRequest } from "../services/tail-hub.ts";
import type { GroupWatch } from "./group-watch.ts";
import { createMergedTail, type MergedTail } from "./merged-tail.ts";
import { NOT_PROVED, proofFor, type ProofDeps } from "./own-proof.ts";

/** A tail, and the words of its query as they were asked. */
export interface FleetTailRequest extends TailRequest {
  readonly words: URLSearchParams;
}

/** Live tails of the records that all hosts of the group process. */
export interface FleetTails {
  /** As `TailHub.follow`. */
  follow(request: FleetTailRequest, send: SendEvent, signal: AbortSignal): Promise<void>;
}

export interface FleetTailsDeps extends ProofDeps {
  readonly local: Pick<TailHub, "follow">;
  readonly id: string;
  readonly profile: HostProfile;
  readonly members: Pick<GroupWatch, "roster" | "look">;
  stream(this: void, stream: PeerStream, onEvent: (event: string, data: string) => void): Promise<void>;
  readonly monotonicMs: () => number;
}

/** Another host of the group. */
interface Other {
  readonly name: string;
  readonly end: AbortController;
  listening: Promise<void> | null;
}

const newOther = (name: string): Other => ({ name, end: new AbortController(), listening: null });

/** Partitions move between hosts. */
const LOOK_MS = 2_000;
/** Pings come every 5 s. */
const SILENCE_MS = 12_000;
/** 200 lines of 2 KiB, escaped twice. */
const MOST_EVENT_BYTES = 4 * 1024 * 1024;
/** More hosts than any group has. */
const MOST_PEERS = 50;

const NO_ADDRESS = "it does not tell the group where it can be reached";

export function createFleetTails(deps: FleetTailsDeps): FleetTails {
  const { local, id, profile, members } = deps;

  /** Follows one host until its stream ends. */
  const listen = async (
    name: string,
    address: string,
    words: URLSearchParams,
    merged: MergedTail,
    signal: AbortSignal,
  ): Promise<void> => {
    const path = `${logs.routes.hostTail.path}?${words.toString()}`;
    let number = 0;
    try {
      const { isProved, headers, ownCertificate } = await proofFor(deps, address, path);
      const stream = {
        address,
        path,
        headers,
        ownCertificate,
        silenceMs: SILENCE_MS,
        maxEventBytes: MOST_EVENT_BYTES,
        signal,
      };
      await deps.stream(stream, (event, data) => {
        if (event !== "proved") return;
        const { body, proof } = provedEvent.parse(JSON.parse(data));
        if (!isProved(body, proof)) throw new Error(NOT_PROVED);
        const told = tailEvent.parse(JSON.parse(body));
        if (told.number !== number) throw new Error("its events are out of order");
        number += 1;
        if (told.event === "hello") merged.hello(name, told.data);
        else merged.lines(name, told.data);
      });
    } catch (error) {
      if (!signal.aborted) merged.missing(name, messageOf(error));
    }
  };

  return {
    async follow({ words, ...request }, send, signal) {
      const over = new AbortController();
      const life = AbortSignal.any([signal, over.signal]);
      const merged = createMergedTail(send, deps.monotonicMs);
      const others = new Map<string, Other>();
      const look = async (): Promise<void> => {
        await members.look();
        if (life.aborted) return;
        const all = members.roster?.members.filter(({ host }) => host !== id) ?? [];
        const labels = labelsOf({ host: id, ...profile }, all);
        const wanted = new Map(
          all
            .filter((one) => readsAny(one, request.topics))
            .slice(0, MOST_PEERS)
            .map((one) => [one.memberId, one]),
        );
        for (const [memberId, { name, end }] of others)
          if (!wanted.has(memberId)) {
            end.abort(new Error("it reads none of the topics any more"));
            others.delete(memberId);
            merged.gone(name);
          }
        for (const [memberId, member] of wanted) {
          const other = others.get(memberId) ?? newOther(labels.of(member));
          others.set(memberId, other);
          if (member.profile === null) merged.missing(other.name, NO_ADDRESS);
          else
            other.listening ??= listen(
              other.name,
              member.profile.address,
              words,
              merged,
              AbortSignal.any([life, other.end.signal]),
            ).finally(() => {
              other.listening = null;
            });
        }
      };
      const timer = setInterval(() => void look(), LOOK_MS);
      void look();
      const own: SendEvent = (event, data) => {
        const told = tailEvent.parse({ number: 0, event, data });
        if (told.event === "hello") merged.hello("", told.data);
        else merged.lines("", told.data);
        return true;
      };
      try {
        await Promise.race([local.follow(request, own, signal), untilAborted(signal)]);
      } finally {
        clearInterval(timer);
        over.abort(new Error("the live tail has ended"));
      }
      await Promise.all([...others.values()].flatMap(({ listening }) => listening ?? []));
    },
  };
}

function readsAny({ partitions }: RosterMember, topics: readonly string[]): boolean {
  return topics.some((topic) => (partitions.get(topic)?.length ?? 0) > 0);
}
