import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { errorCode } from "./process/error-code.ts";
import { DEFAULT_KAFKA, KAFKA_VERSIONS } from "./artifacts/kafka-versions.ts";
import { isAlive } from "./process/signal.ts";
import type { Stack } from "./stack.ts";

/** The addresses of a stack: brokers as `host:port`, the others as URLs; and the log file of the first server of each kind. */
export const addressesSchema = z.object({
  brokers: z.array(z.string()),
  elasticsearchNode: z.string(),
  /** All nodes of a cluster. */
  elasticsearchNodes: z.array(z.string()).optional(),
  etcdEndpoints: z.array(z.string()),
  logFiles: z.object({ kafka: z.string(), elasticsearch: z.string(), etcd: z.string() }),
});
export type Addresses = z.infer<typeof addressesSchema>;

/** The stack that `stack up` left running. `pid` is the holder: ending it ends the stack. */
const stateSchema = z.object({
  pid: z.number(),
  folder: z.string(),
  startedAt: z.iso.datetime(),
  /** The folder of the Penstock that started it; an older `stack up` did not write it. */
  checkout: z.string().nullable().default(null),
  /** The version; an older `stack up` did not write it. */
  kafka: z.enum(KAFKA_VERSIONS).default(DEFAULT_KAFKA),
  addresses: addressesSchema,
});
export type StackState = z.infer<typeof stateSchema>;

/** The folder of this Penstock. A user has one stack, whichever checkout started it. */
export const CHECKOUT = join(import.meta.dir, "../..");

export function addressesOf({ kafka, elasticsearch, etcd, members }: Stack): Addresses {
  const nodes = members.elasticsearch.map(({ node }) => node);
  return {
    brokers: members.kafka.flatMap(({ brokers }) => brokers),
    elasticsearchNode: elasticsearch.node,
    ...(nodes.length > 1 && { elasticsearchNodes: nodes }),
    etcdEndpoints: members.etcd.flatMap(({ endpoints }) => endpoints),
    logFiles: { kafka: kafka.logFile, elasticsearch: elasticsearch.logFile, etcd: etcd.logFile },
  };
}

export function isCluster({ brokers }: Addresses): boolean {
  return brokers.length > 1;
}

export function nodesOf({ elasticsearchNode, elasticsearchNodes }: Addresses): readonly string[] {
  return elasticsearchNodes ?? [elasticsearchNode];
}

export function stateFile(cacheFolder: string): string {
  return join(cacheFolder, "stack", "state.json");
}

/**
 * Returns the running stack; undefined if there is none, or if the one on file has ended. Its folder ends with it, so that a new
 * process with the same pid is not mistaken for it.
 */
export async function readState(file: string): Promise<StackState | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
  const state = stateSchema.parse(JSON.parse(text));
  return isAlive(state.pid) && existsSync(state.folder) ? state : undefined;
}

/** Writes the state atomically. */
export async function writeState(file: string, state: StackState): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const temporary = `${file}.${state.pid}.tmp`;
  await writeFile(temporary, `${JSON.stringify(state, undefined, 2)}\n`);
  await rename(temporary, file);
}

/** Removes the state if it is still that of `pid`. */
export async function removeState(file: string, pid: number): Promise<void> {
  if ((await readState(file))?.pid === pid) await rm(file, { force: true });
}
