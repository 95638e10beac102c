import { mkdir } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import {
  createElasticsearch,
  elasticsearchJars,
  type ElasticsearchServer,
  elasticsearchVersion,
} from "./servers/elasticsearch.ts";
import { createEtcd, type EtcdServer } from "./servers/etcd.ts";
import type { Environment, Ground, JavaGround, Ports } from "./process/ground.ts";
import { createGuard } from "./process/guard.ts";
import { createKafka, type KafkaServer } from "./servers/kafka.ts";
import type { ListenerProtocol } from "./servers/kafka-properties.ts";
import { DEFAULT_KAFKA, kafkaJars, type KafkaVersion } from "./artifacts/kafka-versions.ts";
import { exists, fetchJars, jarFolder, type JarSet } from "./artifacts/maven.ts";
import { findPrerequisites } from "./artifacts/prerequisites.ts";
import type { Progress } from "./process/progress.ts";
import type { Server } from "./process/server.ts";

/** The smallest cluster that keeps working while one member is down. */
export const CLUSTER_MEMBERS = 3;

export interface StackOptions {
  /** How many of each server; 1 by default. In a cluster, topics have as many replicas, and two must be in sync. */
  members?: 1 | typeof CLUSTER_MEMBERS;
  /** The servers to boot: all by default. Kafka's version is 4.1 by default. */
  kafka?: boolean | KafkaVersion;
  elasticsearch?: boolean;
  etcd?: boolean;
  /** `group.initial.rebalance.delay.ms`; 0 by default. Kafka's own default is 3,000. */
  groupRebalanceDelayMs?: number;
  /** More listeners for Kafka, by name; `kafkaProperties` secures them. */
  kafkaListeners?: Readonly<Record<string, ListenerProtocol>>;
  /** By listener: the ports that the brokers, in order, advertise instead of their own. */
  kafkaAdvertisedPorts?: Readonly<Record<string, readonly number[]>>;
  /** More lines for Kafka's server.properties. */
  kafkaProperties?: Readonly<Record<string, string>>;
  /** Java's system properties of each broker (`-D`). */
  kafkaSystemProperties?: Readonly<Record<string, string>>;
  /** Each broker's heap, in MB; by default 512, in a cluster 384. */
  kafkaHeapMb?: number;
  /** By default PENSTOCK_STACK_ELASTICSEARCH, else 9.2.0. */
  elasticsearchVersion?: string;
  /** More settings for Elasticsearch's elasticsearch.yml. */
  elasticsearchSettings?: Readonly<Record<string, string>>;
  /** True: without the parts of unpublished modules that the index template uses. By default PENSTOCK_STACK_BARE=1. */
  elasticsearchBare?: boolean;
  /** For logs and data. Must not exist; is created, and removed at the end. By default in the system's temporary folder. */
  folder?: string;
  /** Ports for clients; free ones by default. */
  ports?: Ports;
  onProgress?: (progress: Progress) => void;
  /** Ends the boot. `stop` ends a stack that is up. */
  signal?: AbortSignal;
  environment?: Environment;
}

/** Running servers. They end with `stop`, or with the process that started them, however that ends. */
export interface Stack extends AsyncDisposable {
  readonly folder: string;
  /** The first member of each kind. @throws Error if the stack was started without it */
  readonly kafka: KafkaServer;
  readonly elasticsearch: ElasticsearchServer;
  readonly etcd: EtcdServer;
  /** All servers; empty for a kind that was not booted. */
  readonly members: {
    readonly kafka: readonly KafkaServer[];
    readonly elasticsearch: readonly ElasticsearchServer[];
    readonly etcd: readonly EtcdServer[];
  };
  /** Kills the servers and removes the folder. Can be called again. */
  stop(): Promise<void>;
}

/**
 * Boots real servers on 127.0.0.1 and resolves when all answer. Downloads missing jars into the user's cache.
 * @throws MissingPrerequisites, or an Error with the last log lines of the server that did not start; nothing is left behind then
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const { environment = process.env } = options;
  const onProgress = options.onProgress ?? (() => {});
  const kafkaVersion = typeof options.kafka === "string" ? options.kafka : DEFAULT_KAFKA;
  const wanted = {
    kafka: options.kafka !== false,
    elasticsearch: options.elasticsearch ?? true,
    etcd: options.etcd ?? true,
  };
  const esJars = elasticsearchJars(options.elasticsearchVersion ?? elasticsearchVersion(environment));
  const brokerJars = kafkaJars(kafkaVersion);
  const sets = [...(wanted.kafka ? [brokerJars] : []), ...(wanted.elasticsearch ? [esJars] : [])];
  const cache = cacheFolder(environment);
  const present = await Promise.all(sets.map((jars) => exists(jarFolder(jars, cache))));
  const {
    jdkHome,
    mvn,
    etcd: etcdProgram,
  } = await findPrerequisites(
    { jdk: sets.length > 0, mvn: present.includes(false), etcd: wanted.etcd },
    environment,
    () => onProgress({ part: "etcd", step: "installing" }),
  );

  // The first failure ends the other boots.
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, ...(options.signal ? [options.signal] : [])]);
  const guard = await createGuard(options.folder ?? join(tmpdir(), `penstock-stack-${crypto.randomUUID()}`));
  const onAbort = (): void => void guard.end();
  signal.addEventListener("abort", onAbort, { once: true });

  async function withJars(part: Progress["part"], jars: JarSet): Promise<JavaGround> {
    const onBytes = (bytes: number): void => onProgress({ part, step: "downloading", bytes });
    const folder = await fetchJars(jars, { cacheFolder: cache, jdkHome, mvn, environment, onBytes, signal });
    return { ...ground, java, jars: folder };
  }

  async function boot<S extends Server>(part: Progress["part"], create: () => Promise<S[]>): Promise<S[]> {
    onProgress({ part, step: "starting" });
    const servers = await create();
    // In a cluster, none answers before most members run.
    await Promise.all(servers.map((server) => server.start(signal)));
    onProgress({ part, step: "ready" });
    return servers;
  }

  const temporary = join(guard.folder, "tmp");
  const java = [join(jdkHome, "bin/java"), "-XX:-UsePerfData", `-Djava.io.tmpdir=${temporary}`];
  const ground: Ground = {
    guard,
    environment,
    etcd: etcdProgram,
    ports: options.ports,
    takenPorts: new Set(Object.values(options.ports ?? {})),
    members: options.members ?? 1,
  };
  const kafkaOptions = {
    groupRebalanceDelayMs: options.groupRebalanceDelayMs ?? 0,
    listeners: options.kafkaListeners ?? {},
    advertisedPorts: options.kafkaAdvertisedPorts ?? {},
    properties: options.kafkaProperties ?? {},
    systemProperties: options.kafkaSystemProperties ?? {},
    heapMb: options.kafkaHeapMb,
  };
  const elasticsearchOptions = {
    settings: options.elasticsearchSettings ?? {},
    bare: options.elasticsearchBare ?? environment["PENSTOCK_STACK_BARE"] === "1",
  };
  let boots: unknown[] = [];
  try {
    signal.throwIfAborted();
    await mkdir(temporary);
    const kafkaBoot = wanted.kafka
      ? withJars("kafka", brokerJars).then((ground) =>
          boot("kafka", () => createKafka(ground, kafkaVersion, kafkaOptions)),
        )
      : [];
    const elasticsearchBoot = wanted.elasticsearch
      ? withJars("elasticsearch", esJars).then((ground) =>
          boot("elasticsearch", () => createElasticsearch(ground, elasticsearchOptions)),
        )
      : [];
    const etcdBoot = wanted.etcd ? boot("etcd", () => createEtcd(ground)) : [];
    boots = [kafkaBoot, elasticsearchBoot, etcdBoot];
    const [kafka, elasticsearch, etcd] = await Promise.all([kafkaBoot, elasticsearchBoot, etcdBoot]);
    return {
      folder: guard.folder,
      members: { kafka, elasticsearch, etcd },
      get kafka() {
        return demand(kafka, "Kafka");
      },
      get elasticsearch() {
        return demand(elasticsearch, "Elasticsearch");
      },
      get etcd() {
        return demand(etcd, "etcd");
      },
      stop: () => guard.end(),
      [Symbol.asyncDispose]: () => guard.end(),
    };
  } catch (error) {
    failed.abort();
    await guard.end();
    await Promise.allSettled(boots);
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function demand<S>([server]: readonly S[], name: string): S {
  if (server === undefined) throw new Error(`this stack was started without ${name}`);
  return server;
}

/** The folder for jars and the state of `stack up`: PENSTOCK_CACHE, else `penstock` in XDG_CACHE_HOME or ~/.cache. */
export function cacheFolder(environment: Environment): string {
  return (
    environment["PENSTOCK_CACHE"] ||
    join(environment["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "penstock")
  );
}
