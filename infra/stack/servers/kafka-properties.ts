import { join } from "node:path";

/** `security.protocol` in Kafka's words. */
export type ListenerProtocol = "PLAINTEXT" | "SSL" | "SASL_PLAINTEXT" | "SASL_SSL";

export interface KafkaOptions {
  /** `group.initial.rebalance.delay.ms`; a server's own default is 3,000. */
  readonly groupRebalanceDelayMs: number;
  /** Ports besides the plain one, by name; `listener.name.<name in lower case>.*` in `properties` sets them up. */
  readonly listeners: Readonly<Record<string, ListenerProtocol>>;
  /** By listener: the port that each broker, in order, tells its clients instead of its own. */
  readonly advertisedPorts: Readonly<Record<string, readonly number[]>>;
  /** Added to server.properties, e.g. `{ "message.max.bytes": "8388608" }`. */
  readonly properties: Readonly<Record<string, string>>;
  /** `-Xmx` of each broker, in MB; enough for tests unless told. */
  readonly heapMb: number | undefined;
}

/** Where one of them lies and listens. */
export interface Place {
  readonly id: number;
  readonly broker: number;
  /** Not listened on where there is a ZooKeeper. */
  readonly controller: number;
  /** By listener. */
  readonly extraPorts: ReadonlyMap<string, number>;
  readonly home: string;
}

type Properties = Record<string, string | number | boolean>;

/** What takes a killed broker out of the cluster, and lets it in again: after 9 s and more unless told. */
export const BROKER_SESSION_MS = 3_000;

/** A server.properties. @param zooKeeper null: brokers are controllers as well */
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

/** Their lists, as properties want them. */
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
