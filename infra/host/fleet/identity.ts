import type { HttpSettings } from "../../../lib/rules/model/settings.ts";
import { type HostProfile, profileName } from "../../../lib/rules/group/protocol/profile.ts";

/** This process among the hosts of its group. */
export interface HostIdentity {
  /** Constant while it runs. */
  readonly id: string;
  /** What it tells the others. */
  readonly profile: HostProfile;
}

interface Origin {
  readonly machineName: string;
  readonly version: string;
  readonly newMarker: () => string;
  readonly now: () => number;
}

/** Listening on all addresses names none of them: the machine's name stands in. */
const EVERY_ADDRESS: ReadonlySet<string> = new Set(["0.0.0.0", "::", "[::]"]);

/** @param port the one that it got */
export function identityOf(
  { advertised, hostname, tls }: Pick<HttpSettings, "advertised" | "hostname" | "tls">,
  port: number,
  { machineName, version, newMarker, now }: Origin,
): HostIdentity {
  const listensOn = hostname.includes(":") ? `[${hostname.replace(/^\[|\]$/g, "")}]` : hostname;
  // A machine may have a name that no address can contain.
  const own = URL.canParse(`http://${machineName}`) ? machineName : "localhost";
  const reached = EVERY_ADDRESS.has(hostname) ? own : listensOn;
  const { origin: address } = new URL(
    advertised ?? `${tls === null ? "http" : "https"}://${reached}:${port}`,
  );
  return {
    id: newMarker(),
    profile: { name: profileName(machineName), version, address, startedAtMs: now() },
  };
}
