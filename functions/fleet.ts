import type { RosterMember } from "../lib/rules/group/roster.ts";
import { labelsOf } from "./fleet/labels.ts";
import type { FleetHost, FleetInput, FleetResult, HostReport, PeerState } from "./fleet/model.ts";
import { countsOf, sumOf } from "./fleet/sums.ts";
import { fleetTopics, type Report } from "./fleet/topics.ts";

const UNKNOWN =
  "it does not tell the group where it can be reached: an older version of Penstock, or another program";

/** Puts together what Kafka knows of the group and what its hosts say. */
export function fleet(input: FleetInput): FleetResult {
  const { group, self, roster, problem, peers, gone } = input;
  const others = roster?.members.filter(({ host }) => host !== self.host) ?? [];
  const own = roster?.members.find(({ host }) => host === self.host);
  const labels = labelsOf(self, [...others, ...gone.map(({ member }) => member)]);
  const hosts = [
    selfOf(input, own, labels.self),
    ...others.map((member) => memberOf(member, labels.of(member), peers.get(member.host ?? ""))),
    ...gone.map(({ member, sinceMs }) => goneOf(member, sinceMs, labels.of(member))),
  ];
  const reports: Report[] = [
    { name: labels.self, isSelf: true, report: self },
    ...others.flatMap((member) => {
      const state = peers.get(member.host ?? "");
      return state?.kind === "answers"
        ? [{ name: labels.of(member), isSelf: false, report: state.report }]
        : [];
    }),
  ];
  const assigned = new Map(others.map((member) => [labels.of(member), member.partitions]));
  if (own !== undefined) assigned.set(labels.self, own.partitions);
  const { topics, topicCount } = fleetTopics({
    reports,
    assigned,
    partitionCounts: roster?.partitionCounts ?? new Map(),
    topic: input.topic,
    limit: input.limit,
  });
  return { group, problem, hosts, topics, topicCount, totals: totalsOf(reports.map(({ report }) => report)) };
}

function selfOf({ self }: FleetInput, own: RosterMember | undefined, name: string): FleetHost {
  return {
    name,
    version: self.version,
    address: self.address,
    isSelf: true,
    startedAt: timeOf(self.startedAtMs),
    status: "this host",
    reason: null,
    since: null,
    partitions: own === undefined ? ownedBy(self) : partitionsOf(own),
    rate: self.rate,
    lag: self.lag,
    counts: self.counts,
  };
}

function memberOf(member: RosterMember, name: string, state?: PeerState): FleetHost {
  const { profile } = member;
  const report = state?.kind === "answers" ? state.report : null;
  return {
    name,
    version: profile?.version ?? null,
    address: profile?.address ?? null,
    isSelf: false,
    startedAt: profile === null ? null : timeOf(profile.startedAtMs),
    status: profile === null ? "unknown" : state?.kind === "answers" ? "answers" : "away",
    reason: profile === null ? UNKNOWN : state?.kind === "away" ? state.reason : null,
    since: state?.kind === "away" ? timeOf(state.sinceMs) : null,
    partitions: partitionsOf(member),
    rate: report?.rate ?? null,
    lag: report?.lag ?? null,
    counts: report?.counts ?? null,
  };
}

function goneOf(member: RosterMember, sinceMs: number, name: string): FleetHost {
  return {
    ...memberOf(member, name),
    status: "away",
    reason: "it is no longer in the group",
    since: timeOf(sinceMs),
    partitions: 0,
  };
}

function totalsOf(reports: readonly HostReport[]): FleetResult["totals"] {
  return {
    rate: sumOf(reports.map(({ rate }) => rate)) ?? 0,
    lag: sumOf(reports.map(({ lag }) => lag)),
    counts: countsOf(reports.map(({ counts }) => counts)),
  };
}

function ownedBy({ topics }: HostReport): number {
  return topics.reduce((sum, { owned }) => sum + owned.length, 0);
}

function partitionsOf({ partitions }: RosterMember): number {
  return [...partitions.values()].reduce((sum, own) => sum + own.length, 0);
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
