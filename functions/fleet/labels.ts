import type { RosterMember } from "../../lib/rules/group/roster.ts";

/** A host, before its name is made unique. */
export interface Named {
  readonly host: string;
  readonly name: string;
  readonly address: string | null;
}

/** The names by which hosts are told apart. */
export interface Labels {
  readonly self: string;
  of(member: RosterMember): string;
}

/** Hosts of one machine have the same name: these get their port, or part of their mark. */
export function labelsOf(self: Named, others: readonly RosterMember[]): Labels {
  const named: Named[] = [self, ...others.map(namedOf)];
  const short = Map.groupBy(named, ({ name }) => name);
  const withPort = Map.groupBy(named, portOf);
  const labelOf = (one: Named): string => {
    if (short.get(one.name)?.length === 1) return one.name;
    const ported = portOf(one);
    return withPort.get(ported)?.length === 1 ? ported : `${ported} (${one.host.slice(0, 8)})`;
  };
  return { self: labelOf(self), of: (member) => labelOf(namedOf(member)) };
}

function namedOf({ memberId, host, profile, clientHost }: RosterMember): Named {
  return {
    host: host ?? memberId.slice(-8),
    name: profile?.name ?? clientHost,
    address: profile?.address ?? null,
  };
}

function portOf({ name, address }: Named): string {
  const url = address === null ? null : URL.parse(address);
  return url === null ? name : `${name}:${url.port || (url.protocol === "https:" ? "443" : "80")}`;
}
