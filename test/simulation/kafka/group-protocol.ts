import type { SimulatedMember } from "./group-member.ts";

/** Whether every member supports that assignor. */
export function allKnow(members: Iterable<SimulatedMember>, name: string): boolean {
  for (const { joined } of members) if (!joined.protocols.some((one) => one.name === name)) return false;
  return true;
}

/** The next generation's assignor: every member votes for its first one that all support. */
export function selectProtocol(members: readonly SimulatedMember[]): string {
  const votes = new Map<string, number>();
  for (const { joined } of members) {
    const vote = joined.protocols.find(({ name }) => allKnow(members, name))?.name;
    if (vote !== undefined) votes.set(vote, (votes.get(vote) ?? 0) + 1);
  }
  return [...votes].sort((one, other) => other[1] - one[1])[0]?.[0] ?? "";
}
