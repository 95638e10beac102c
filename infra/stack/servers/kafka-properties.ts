import { join } from "node:path";

/** `security.protocol` in Kafka's words. */
export type ListenerProtocol = "PLAINTEXT" | "SSL" | "SASL_PLAINTEXT" | "SASL_SSL";

export interface KafkaOptions {
  /** `group.initial.rebalance.delay.ms`; Kafka's default is 3,000. */
  readonly groupRebalanceDelayMs: number;
  /** Listeners besides the plain one, by name; `listener.name.<name in lower case>.*` in `properties` configures them. */
  readonly listeners: Readonly<Record<string, ListenerProtocol>>;
  /** By listener: the ports that the brokers, in order, advertise instead of their own. */
  readonly advertisedPorts: Readonly<Record<string, readonly number[]>>;
  /** Added to server.properties, e.g. `{ "message.max.bytes": "8388608" }`. */
  readonly properties: Readonly<Record<string, string>>;
  /** `-D` of each broker. */
  readonly systemProperties: Readonly<Record<string, string>>;
  /** `-Xmx` of each broker, in MB; by default enough for tests. */
  readonly heapMb: number | undefined;
}

/** The folder and ports of one broker. */
export interface Place {
  readonly id: number;
  readonly broker: number;
  /** Unused with ZooKeeper. */
  readonly controller: number;
  /** By listener. */
  readonly extraPorts: ReadonlyMap<string, number>;
  readonly home: string;
}

type Properties = Record<string, string | number | boolean>;

/** How soon a killed broker leaves the cluster and may join again; Kafka's default is 9 s or more. */
export const BROKER_SESSION_MS = 3_000;

/** Returns a server.properties. @param zooKeeper null: the brokers are controllers too */
export function kafkaProperties(
  place: Place,
  places: readonly Place[],
  options: KafkaOptions,
  zooKeeper: string | null,
): string {
  const { home } = place;
  const replicas = places.length;
  const inSync = Math.min(2, replicas);
  const all: Properties = {
    ...(zooKeeper === null ? byItself(place, places, options) : byZooKeeper(place, options, zooKeeper)),
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
    "group.initial.rebalance.delay.ms": options.groupRebalanceDelayMs,
    ...options.properties,
  };
  return Object.entries(all)
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");
}

function byItself(place: Place, places: readonly Place[], options: KafkaOptions): Properties {
  const { id, controller } = place;
  const { listeners, advertised, protocols } = listenersOf(place, options);
  return {
    "process.roles": "broker,controller",
    "node.id": id,
    "controller.quorum.voters": places.map((one) => `${one.id}@127.0.0.1:${one.controller}`).join(),
    "controller.listener.names": "CONTROLLER",
    listeners: `${listeners},CONTROLLER://127.0.0.1:${controller}`,
    "advertised.listeners": advertised,
    "listener.security.protocol.map": `${protocols},CONTROLLER:PLAINTEXT`,
    "share.coordinator.state.topic.replication.factor": places.length,
    "share.coordinator.state.topic.min.isr": Math.min(2, places.length),
    "broker.session.timeout.ms": BROKER_SESSION_MS,
    "broker.heartbeat.interval.ms": 500,
  };
}

function byZooKeeper(place: Place, options: KafkaOptions, zooKeeper: string): Properties {
  const { listeners, advertised, protocols } = listenersOf(place, options);
  return {
    "broker.id": place.id,
    "zookeeper.connect": zooKeeper,
    "zookeeper.session.timeout.ms": BROKER_SESSION_MS,
    listeners,
    "advertised.listeners": advertised,
    "listener.security.protocol.map": protocols,
    "inter.broker.listener.name": "PLAINTEXT",
  };
}

function listenersOf(
  { id, broker, extraPorts }: Place,
  { listeners, advertisedPorts }: KafkaOptions,
): { listeners: string; advertised: string; protocols: string } {
  const extra = [...extraPorts];
  const list = (port: (name: string, own: number) => number): string =>
    [`PLAINTEXT://127.0.0.1:${broker}`]
      .concat(extra.map(([name, own]) => `${name}://127.0.0.1:${port(name, own)}`))
      .join();
  return {
    listeners: list((_, own) => own),
    advertised: list((name, own) => advertisedPorts[name]?.[id - 1] ?? own),
    protocols: ["PLAINTEXT:PLAINTEXT"]
      .concat(Object.entries(listeners).map(([name, protocol]) => `${name}:${protocol}`))
      .join(),
  };
}
