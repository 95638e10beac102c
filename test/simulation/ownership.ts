import type { KafkaCalls, KafkaWire } from "../../lib/adapters/kafka/protocol/wire.ts";
import { decodeSubscription, type Subscription } from "../../lib/rules/group/protocol/subscription.ts";
import type { ServedCall } from "./kafka/cluster.ts";

/** One member's assignment in one generation: `topic:partition`. */
type Assigned = ReadonlySet<string>;

/**
 * Checks ownership from the brokers' side. An accepted commit must be for a partition that the generation assigned to
 * that member, or that it held and is about to hand over. No partition may have two owners in one generation, or go to
 * another member while a living one holds it.
 */
export interface Ownership {
  /** Wraps a client's wire to see the order in which commits are sent. */
  watch(wire: KafkaWire): KafkaWire;
  observe(call: ServedCall): void;
  readonly violations: readonly string[];
  /** The client's partitions in its last known generation; empty if none. */
  of(client: string): Assigned;
  /** Its member id in its last known generation; null if it never had one. */
  memberOf(client: string): string | null;
  /** When a member last learned of a generation. */
  readonly toldAtMs: number;
  /** The clients that fetched each partition since then. */
  readersSince(ms: number): ReadonlyMap<string, ReadonlySet<string>>;
}

export interface OwnershipOptions {
  readonly nowMs: () => number;
  readonly onCommitted: (entry: AcceptedCommit) => void;
}

export interface AcceptedCommit {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly metadata: string | null;
  /** The commit's sequence number among all commits, in sending order. */
  readonly order: number;
}

const NONE: Assigned = new Set();

export function createOwnership({ nowMs, onCommitted }: OwnershipOptions): Ownership {
  const violations: string[] = [];
  let toldAtMs = 0;
  /** By request. */
  const sent = new WeakMap<object, number>();
  let commits = 0;
  /** By generation, then by member. */
  const generations = new Map<number, ReadonlyMap<string, Assigned>>();
  /** By generation, what each member sent when it joined. */
  const joined = new Map<number, ReadonlyMap<string, Subscription>>();
  /** By client, its member id and the generation it knows. */
  const told = new Map<string, { readonly memberId: string; readonly generation: number }>();
  /** By client, broker and session: its partitions. */
  const sessions = new Map<string, Set<string>>();
  /** By partition and client: the time of the last fetch. */
  const reads = new Map<string, Map<string, number>>();

  /** The partitions it claimed when it joined that generation. */
  const claims = (generation: number, memberId: string): Assigned => {
    const told = joined.get(generation)?.get(memberId);
    return told === undefined ? NONE : new Set(placesOf(told.held, told.leaving));
  };

  const given = (request: KafkaCalls["SyncGroup"]["request"]): void => {
    if (request.assignments.length === 0) return;
    const owners = new Map<string, string>();
    const byMember = new Map<string, Assigned>();
    for (const { memberId, assignment } of request.assignments) {
      const assigned = assignedIn(assignment);
      byMember.set(memberId, assigned);
      for (const place of assigned) {
        const other = owners.get(place);
        if (other !== undefined)
          violations.push(`generation ${request.generation} gives ${place} to ${other} and to ${memberId}`);
        owners.set(place, memberId);
      }
    }
    for (const [memberId, told] of joined.get(request.generation) ?? [])
      for (const place of claims(request.generation, memberId)) {
        const owner = owners.get(place);
        if (
          owner !== undefined &&
          owner !== memberId &&
          holds(memberId, place, told.generation, request.generation)
        )
          violations.push(
            `generation ${request.generation} gives ${place} to ${owner}, while ${memberId} holds it`,
          );
      }
    generations.set(request.generation, byMember);
  };

  /** Whether it was assigned that, and nobody else since. */
  const holds = (memberId: string, place: string, from: number, below: number): boolean => {
    for (let generation = from; generation < below; generation += 1)
      for (const [other, assigned] of generations.get(generation) ?? [])
        if (other !== memberId && assigned.has(place)) return false;
    return generations.get(from)?.get(memberId)?.has(place) === true;
  };

  const synced = (
    client: string,
    request: KafkaCalls["SyncGroup"]["request"],
    error: KafkaCalls["SyncGroup"]["answer"]["error"],
  ): void => {
    // Told that it failed, the leader may have its assignment written all the same.
    if (error === null || !generations.has(request.generation)) given(request);
    if (error !== null) return;
    told.set(client, request);
    toldAtMs = nowMs();
  };

  const committed = (
    request: KafkaCalls["OffsetCommit"]["request"],
    answer: KafkaCalls["OffsetCommit"]["answer"],
  ): void => {
    const { generation, memberId, topics } = request;
    const order = sent.get(request) ?? 0;
    const refused = new Set(
      answer.topics.flatMap(({ topic, partitions }) =>
        partitions.flatMap(({ partition, error }) => (error === null ? [] : [placeOf(topic, partition)])),
      ),
    );
    const own = generations.get(generation)?.get(memberId) ?? NONE;
    const mayFinish = (place: string): boolean =>
      claims(generation, memberId).has(place) &&
      ![...(generations.get(generation)?.values() ?? [])].some((assigned) => assigned.has(place));
    for (const { topic, partitions } of topics)
      for (const { partition, offset, metadata } of partitions) {
        const place = placeOf(topic, partition);
        if (refused.has(place)) continue;
        if (!own.has(place) && !mayFinish(place))
          violations.push(`${memberId} committed ${place}, which generation ${generation} gave it not`);
        onCommitted({ topic, partition, offset, metadata, order });
      }
  };

  const fetched = (
    client: string,
    nodeId: number,
    request: KafkaCalls["Fetch"]["request"],
    sessionId: number,
  ): void => {
    const asked = request.topics.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition }) => placeOf(topic, partition)),
    );
    const name = (id: number): string => `${client} ${nodeId} ${id}`;
    let all: Iterable<string> = asked;
    if (request.sessionEpoch > 0) {
      const session = sessions.get(name(request.sessionId)) ?? new Set();
      for (const place of asked) session.add(place);
      for (const { topic, partitions } of request.forgotten)
        for (const partition of partitions) session.delete(placeOf(topic, partition));
      all = session;
    } else if (sessionId !== 0) sessions.set(name(sessionId), new Set(asked));
    for (const place of all) {
      const clients = reads.get(place) ?? new Map<string, number>();
      reads.set(place, clients.set(client, nowMs()));
    }
  };

  return {
    violations,
    watch: (wire) => ({
      ...wire,
      call(to, api, request, how) {
        if (api === "OffsetCommit") {
          commits += 1;
          sent.set(request, commits);
        }
        return wire.call(to, api, request, how);
      },
    }),
    get toldAtMs() {
      return toldAtMs;
    },
    observe(call) {
      if (call.api === "JoinGroup" && call.answer.error === null && call.answer.members.length > 0)
        joined.set(call.answer.generation, subscriptionsIn(call.answer.members));
      else if (call.api === "SyncGroup") synced(call.client, call.request, call.answer.error);
      else if (call.api === "OffsetCommit") committed(call.request, call.answer);
      else if (call.api === "Fetch" && call.answer.error === null)
        fetched(call.client, call.nodeId, call.request, call.answer.sessionId);
    },
    of(client) {
      const known = told.get(client);
      return (known && generations.get(known.generation)?.get(known.memberId)) ?? NONE;
    },
    memberOf: (client) => told.get(client)?.memberId ?? null,
    readersSince(ms) {
      const found = new Map<string, ReadonlySet<string>>();
      for (const [place, clients] of reads) {
        const readers = [...clients].filter(([, atMs]) => atMs >= ms).map(([client]) => client);
        if (readers.length > 0) found.set(place, new Set(readers));
      }
      return found;
    },
  };
}

function subscriptionsIn(
  members: KafkaCalls["JoinGroup"]["answer"]["members"],
): ReadonlyMap<string, Subscription> {
  const found = new Map<string, Subscription>();
  for (const { memberId, metadata } of members) {
    const read = decodeSubscription(metadata);
    if (read.kind === "ours") found.set(memberId, read.subscription);
  }
  return found;
}

function* placesOf(...maps: readonly ReadonlyMap<string, readonly number[]>[]): Generator<string> {
  for (const map of maps)
    for (const [topic, partitions] of map)
      for (const partition of partitions) yield placeOf(topic, partition);
}

function placeOf(topic: string, partition: number): string {
  return `${topic}:${partition}`;
}

/** A `ConsumerProtocolAssignment`: version, then each topic's name and partitions. Not decoded by product code. */
function assignedIn(assignment: Uint8Array): Assigned {
  const assigned = new Set<string>();
  if (assignment.length === 0) return assigned;
  const bytes = Buffer.from(assignment);
  let at = 2;
  const next = (): number => {
    const value = bytes.readInt32BE(at);
    at += 4;
    return value;
  };
  for (let topics = next(); topics > 0; topics -= 1) {
    const length = bytes.readInt16BE(at);
    const topic = bytes.toString("utf8", at + 2, at + 2 + length);
    at += 2 + length;
    for (let partitions = next(); partitions > 0; partitions -= 1) assigned.add(placeOf(topic, next()));
  }
  return assigned;
}
