import type { Guard } from "./guard.ts";

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Ports for clients; a free one where it is not told. */
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
}

export interface JavaGround extends Ground {
  /** The start of a command line: the program, and options that keep all its files within the folder. */
  java: readonly string[];
  jars: string;
}
