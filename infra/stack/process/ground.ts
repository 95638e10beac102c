import type { Guard } from "./guard.ts";

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Ports for clients, of a cluster the first of consecutive ones; free ones where it is not told. */
export interface Ports {
  kafka?: number;
  elasticsearch?: number;
  etcd?: number;
}

/** What every server is built on. */
export interface Ground {
  guard: Guard;
  environment: Environment;
  etcd: string;
  ports: Ports | undefined;
  /** Given to one server, which may not listen yet. */
  takenPorts: Set<number>;
  /** How many of each server there are. */
  members: number;
}

export interface JavaGround extends Ground {
  /** The start of a command line: the program, and options that keep all its files within the folder. */
  java: readonly string[];
  jars: string;
}

/** For a member of a cluster: many share a machine, and none lives for long. */
export const SMALL_JVM: readonly string[] = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];

/** A server's name where it is alone, `name-1` and so on where it has fellows. */
export function memberName(name: string, id: number, members: number): string {
  return members === 1 ? name : `${name}-${id}`;
}
