import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import type { JarSet } from "./maven.ts";
import { freePorts } from "./ports.ts";
import { createServer, lastLines, type Server } from "./server.ts";
import { memberName, SMALL_JVM, type JavaGround } from "./ground.ts";

const version = "4.1.1";

export interface KafkaServer extends Server {
  /** Its own `host:port`, as clients want it. */
  readonly brokers: readonly string[];
  /** The `host:port` of a listener that was asked for. Throws if it was not. */
  listener(name: string): string;
}

/** `security.protocol` in Kafka's words. */
export type ListenerProtocol = "PLAINTEXT" | "SSL" | "SASL_PLAINTEXT" | "SASL_SSL";

export interface KafkaOptions {
  /** `group.initial.rebalance.delay.ms`; a server's own default is 3,000. */
  groupRebalanceDelayMs: number;
  /** Ports besides the plain one, by name; `listener.name.<name in lower case>.*` in `properties` sets them up. */
  listeners: Readonly<Record<string, ListenerProtocol>>;
  /** Added to server.properties, e.g. `{ "message.max.bytes": "8388608" }`. */
  properties: Readonly<Record<string, string>>;
}

export const kafkaJars: JarSet = {
  name: `kafka-${version}`,
  artifacts: [
    `org.apache.kafka:kafka_2.13:${version}`,
    // Kafka logs through slf4j 1.7; this binding and log4j are the ones its distribution has.
    "org.apache.logging.log4j:log4j-slf4j-impl:2.24.3",
    "org.apache.logging.log4j:log4j-core:2.24.3",
  ],
};

/** Brokers and controllers at once, as many as `ground` has members, their storage formatted; one alone, three replicate. */
export async function createKafka(ground: JavaGround, options: KafkaOptions): Promise<KafkaServer[]> {
  const { guard, members } = ground;
  const names = Object.keys(options.listeners);
  const ports = await freePorts(members * (2 + names.length), ground.takenPorts);
  const wanted = ground.ports?.kafka;
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
  const clusterId = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64url");
  return Promise.all(places.map((place) => createBroker(ground, options, clusterId, place, places)));
}

/** Where one of them lies and listens. */
interface Place {
  id: number;
  broker: number;
  controller: number;
  /** By listener. */
  extraPorts: ReadonlyMap<string, number>;
  home: string;
}

async function createBroker(
  { guard, environment, members, ...ground }: JavaGround,
  options: KafkaOptions,
  clusterId: string,
  place: Place,
  places: readonly Place[],
): Promise<KafkaServer> {
  const { home, broker, extraPorts } = place;
  const config = join(home, "server.properties");
  const logFile = `${home}.log`;
  await mkdir(home);
  await writeFile(join(home, "log4j2.properties"), loggingConfig);
  await writeFile(config, properties(place, places, options));
  const java = [
    ...ground.java,
    ...(members === 1 ? ["-Xmx512m"] : ["-Xms128m", "-Xmx384m", ...SMALL_JVM]),
    `-Dlog4j2.configurationFile=${join(home, "log4j2.properties")}`,
    "-cp",
    join(ground.jars, "lib/*"),
  ];
  const format = await guard.spawn({
    // With "=": one id in 64 begins with "-", and would be read as an option.
    command: [...java, "kafka.tools.StorageTool", "format", `--cluster-id=${clusterId}`, "-c", config],
    environment,
    logFile,
  });
  const { code } = await format.exited;
  if (code !== 0) throw new Error(`Kafka's storage could not be formatted:\n${await lastLines(logFile, 20)}`);

  const address = `127.0.0.1:${broker}`;
  const server = createServer({
    name: memberName("Kafka", place.id, members),
    guard,
    environment,
    command: [...java, "kafka.Kafka", config],
    logFile,
    readyWithinMs: 60_000 * members,
    probe: () => probeBroker(address),
  });
  return Object.assign(server, {
    brokers: [address],
    listener(name: string): string {
      const port = extraPorts.get(name);
      if (port === undefined) throw new Error(`this Kafka was started without a listener ${name}`);
      return `127.0.0.1:${port}`;
    },
  });
}

/** Rejects unless the broker answers within 1.5 s or so and is counted in. */
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
      throw new Error(`the cluster does not count it in, but ${brokers.length} others`);
  } finally {
    await admin.disconnect();
  }
}

function properties(place: Place, places: readonly Place[], options: KafkaOptions): string {
  const { id, broker, controller, extraPorts, home } = place;
  const extra = [...extraPorts].map(([name, port]) => `,${name}://127.0.0.1:${port}`).join("");
  const protocols = Object.entries(options.listeners).map(([name, protocol]) => `,${name}:${protocol}`);
  const replicas = places.length;
  const inSync = Math.min(2, replicas);
  const all: Record<string, string | number | boolean> = {
    "process.roles": "broker,controller",
    "node.id": id,
    "controller.quorum.voters": places.map((one) => `${one.id}@127.0.0.1:${one.controller}`).join(),
    "controller.listener.names": "CONTROLLER",
    listeners: `PLAINTEXT://127.0.0.1:${broker}${extra},CONTROLLER://127.0.0.1:${controller}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${broker}${extra}`,
    "listener.security.protocol.map": `PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT${protocols.join("")}`,
    "log.dirs": join(home, "data"),
    "auto.create.topics.enable": false,
    "delete.topic.enable": true,
    "num.partitions": 1,
    "default.replication.factor": replicas,
    "min.insync.replicas": inSync,
    "offsets.topic.replication.factor": replicas,
    "offsets.topic.num.partitions": 8,
    "transaction.state.log.replication.factor": replicas,
    "transaction.state.log.min.isr": inSync,
    "transaction.state.log.num.partitions": 8,
    "share.coordinator.state.topic.replication.factor": replicas,
    "share.coordinator.state.topic.min.isr": inSync,
    // A killed broker is let in again only when its old session has expired: after 9 s unless told.
    "broker.session.timeout.ms": 3_000,
    "broker.heartbeat.interval.ms": 500,
    "group.initial.rebalance.delay.ms": options.groupRebalanceDelayMs,
    ...options.properties,
  };
  return Object.entries(all)
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");
}

/** The distribution's own pattern and level. */
const loggingConfig = `status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d] %p %m (%c)%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
`;
