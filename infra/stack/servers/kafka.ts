import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import { BROKER_SESSION_MS, type KafkaOptions, kafkaProperties, type Place } from "./kafka-properties.ts";
import { type KafkaVersion, loggingOf, needsZooKeeper } from "../artifacts/kafka-versions.ts";
import { freePorts } from "../process/ports.ts";
import { createServer, lastLines, type Server } from "../process/server.ts";
import { memberName, SMALL_JVM, type JavaGround } from "../process/ground.ts";
import { createZooKeeper } from "./zookeeper.ts";

export interface KafkaServer extends Server {
  /** The `host:port` of this broker. */
  readonly brokers: readonly string[];
  /** Returns the `host:port` of a listener. @throws Error if the broker has no such listener */
  listener(name: string): string;
}

/** Common to all brokers of a stack. */
interface Cluster {
  readonly ground: JavaGround;
  readonly version: KafkaVersion;
  readonly options: KafkaOptions;
  readonly places: readonly Place[];
  /** Null: KRaft, each broker is a controller too. */
  readonly zooKeeper: string | null;
  readonly id: string;
}

/** Creates as many brokers as `ground` has members, ready to start. */
export async function createKafka(
  ground: JavaGround,
  version: KafkaVersion,
  options: KafkaOptions,
): Promise<KafkaServer[]> {
  const { guard, members } = ground;
  const names = Object.keys(options.listeners);
  const ports = await freePorts(1 + members * (2 + names.length), ground.takenPorts);
  const wanted = ground.ports?.kafka;
  const [zooKeeperPort = 0] = ports.splice(0, 1);
  const places = Array.from({ length: members }, (_, at): Place => {
    const [broker = 0, controller = 0, ...extra] = ports.splice(0, 2 + names.length);
    const id = at + 1;
    return {
      id,
      broker: wanted === undefined ? broker : wanted + at,
      controller,
      extraPorts: new Map(names.map((name, n) => [name, extra[n] ?? 0])),
      home: join(guard.folder, memberName("kafka", id, members)),
    };
  });
  const id = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64url");
  const zooKeeper = needsZooKeeper(version) ? await startZooKeeper(ground, zooKeeperPort) : null;
  const cluster: Cluster = { ground, version, options, places, zooKeeper, id };
  return Promise.all(places.map((place) => createBroker(cluster, place)));
}

async function startZooKeeper(ground: JavaGround, port: number): Promise<string> {
  const zooKeeper = await createZooKeeper(ground, port);
  await zooKeeper.start();
  return zooKeeper.address;
}

async function createBroker(cluster: Cluster, place: Place): Promise<KafkaServer> {
  const { ground, version, options, places, zooKeeper } = cluster;
  const { guard, environment, members } = ground;
  const { home, broker, extraPorts } = place;
  const config = join(home, "server.properties");
  const logFile = `${home}.log`;
  const logging = loggingOf(version, home);
  await mkdir(home);
  await writeFile(logging.file, logging.text);
  await writeFile(config, kafkaProperties(place, places, options, zooKeeper));
  const heapMb = options.heapMb ?? (members === 1 ? 512 : 384);
  const java = [
    ...ground.java,
    `-Xmx${heapMb}m`,
    ...(members === 1 ? [] : ["-Xms128m", ...SMALL_JVM]),
    ...Object.entries(options.systemProperties).map(([name, value]) => `-D${name}=${value}`),
    logging.option,
    "-cp",
    join(ground.jars, "lib/*"),
  ];
  if (zooKeeper === null) {
    const format = await guard.spawn({
      // With "=", because one id in 64 begins with "-" and would be read as an option.
      command: [...java, "kafka.tools.StorageTool", "format", `--cluster-id=${cluster.id}`, "-c", config],
      environment,
      logFile,
    });
    const { code } = await format.exited;
    if (code !== 0)
      throw new Error(`Kafka's storage could not be formatted:\n${await lastLines(logFile, 20)}`);
  }

  const address = `127.0.0.1:${broker}`;
  const server = createServer({
    name: memberName("Kafka", place.id, members),
    guard,
    environment,
    command: [...java, "kafka.Kafka", config],
    logFile,
    readyWithinMs: 120_000 * members,
    probe: () => probeBroker(address),
  });
  return Object.assign(zooKeeper === null ? server : outlivingItsSession(server), {
    brokers: [address],
    listener(name: string): string {
      const port = extraPorts.get(name);
      if (port === undefined) throw new Error(`this Kafka was started without a listener ${name}`);
      return `127.0.0.1:${port}`;
    },
  });
}

/** ZooKeeper keeps the registration of a killed broker until its session ends. A broker restarted before that would exit. */
function outlivingItsSession(server: Server): Server {
  let freeAt = 0;
  const start = server.start.bind(server);
  const kill = server.kill.bind(server);
  return Object.assign(server, {
    async start(signal?: AbortSignal): Promise<void> {
      if (server.pid === undefined) await Bun.sleep(Math.max(0, freeAt - performance.now()));
      await start(signal);
    },
    async kill(signal?: NodeJS.Signals): Promise<void> {
      await kill(signal);
      // One tick of ZooKeeper more.
      freeAt = performance.now() + BROKER_SESSION_MS + 1_000;
    },
  });
}

/** @throws Error unless the broker answers within about 1.5 s and the cluster lists it */
export async function probeBroker(address: string): Promise<void> {
  const kafka = new Kafka({
    brokers: [address],
    clientId: "stack",
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1_000,
    requestTimeout: 1_500,
    retry: { retries: 0 },
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    const { brokers } = await admin.describeCluster();
    if (!brokers.some(({ host, port }) => `${host}:${port}` === address))
      throw new Error(`the cluster lists ${brokers.length} other brokers, but not this one`);
  } finally {
    await admin.disconnect();
  }
}
