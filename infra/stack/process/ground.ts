import type { Guard } from "./guard.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Ports for clients; a cluster uses consecutive ones from here on. Free ports by default. */
export interface Ports {
  kafka?: number;
  elasticsearch?: number;
  etcd?: number;
}

/** The common options of all servers. */
export interface Ground {
  guard: Guard;
  environment: Environment;
  etcd: string;
  ports: Ports | undefined;
  /** Ports that were assigned to servers, which may not listen yet. */
  takenPorts: Set<number>;
  /** How many of each server. */
  members: number;
}

export interface JavaGround extends Ground {
  /** The start of a command line: the program, with options that keep its files in the folder. */
  java: readonly string[];
  jars: string;
}

/** For members of a cluster, which share the machine and do not live long. */
export const SMALL_JVM: readonly string[] = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];

/** Returns `name` for a single server, `name-1` and so on in a cluster. */
export function memberName(name: string, id: number, members: number): string {
  return members === 1 ? name : `${name}-${id}`;
}
