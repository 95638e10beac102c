import { createServer, type Server, type Socket } from "node:net";
import { BinaryReader, BinaryWriter } from "../../lib/rules/group/protocol/binary.ts";
import { apiCodecs } from "../../lib/adapters/kafka/protocol/codecs.ts";
import type { KafkaApi } from "../../lib/adapters/kafka/protocol/wire.ts";

/** A request, as far as brokers without records parse it. */
export interface FakeRequest {
  readonly api: string;
  /** The number of its connection, counted per broker. */
  readonly connection: number;
}

/** A broker that speaks the protocol, but knows only Metadata and Heartbeat. */
export interface FakeBroker extends AsyncDisposable {
  readonly nodeId: number;
  /** `127.0.0.1:<port>` */
  readonly address: string;
  readonly requests: readonly FakeRequest[];
  /** The number of open connections. */
  readonly open: number;
  /** Accepts connections, but no longer answers. */
  freeze(): void;
  thaw(): void;
  /** Closes all connections, and stops listening. */
  stop(): Promise<void>;
  /** Listens on another port, and advertises it. */
  move(): Promise<void>;
  /** Limits the highest version of each API that it advertises, or sets all versions. */
  limitVersions(versions: number | ApiVersions): void;
}

/** By API key: the lowest and highest version that a broker supports. */
export type ApiVersions = Readonly<Record<number, readonly [number, number]>>;

/** Recorded from Kafka 2.3.1: the highest version of each API, from key 0; the lowest is 0. */
const KAFKA_23 = "7 11 5 8 2 1 5 2 7 5 2 5 3 2 3 3 2 1 2 3 3 1 1 3 1 1 1 0 2 1 1 1 2 1 1 1 1 1 1 1 1 1 1 0 0";
export const kafka23Versions: ApiVersions = Object.fromEntries(
  KAFKA_23.split(" ").map((version, key) => [key, [0, Number(version)]]),
);

const API_VERSIONS = 18;
const names = new Map(Object.entries(apiCodecs).map(([name, { key }]) => [key, name as KafkaApi]));

function upTo(highest: number): ApiVersions {
  return Object.fromEntries([...names.keys()].map((key) => [key, [0, highest]]));
}

/** Brokers of one cluster, which all return the same metadata. @param topics without partitions */
export async function startFakeBrokers(count: number, topics: readonly string[] = []): Promise<FakeBroker[]> {
  const brokers: FakeBroker[] = [];
  for (let nodeId = 1; nodeId <= count; nodeId += 1)
    brokers.push(await startFakeBroker(nodeId, brokers, topics));
  return brokers;
}

async function startFakeBroker(
  nodeId: number,
  cluster: readonly FakeBroker[],
  topics: readonly string[],
): Promise<FakeBroker> {
  const requests: FakeRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  let isFrozen = false;
  let versions: ApiVersions = upTo(99);
  let server: Server;
  let port = 0;

  const answer = (api: string, writer: BinaryWriter): void => {
    if (api === "ApiVersions") {
      writer
        .int16(0)
        .array(Object.entries(versions), ([key, [lowest, highest]]) =>
          writer.int16(Number(key)).int16(lowest).int16(highest),
        );
      writer.int32(0);
      return;
    }
    // No throttling.
    writer.int32(0);
    if (api === "Metadata") {
      writer.array(cluster, (broker) => {
        const [host = "", port] = broker.address.split(":");
        writer.int32(broker.nodeId).string(host).int32(Number(port)).nullableString(null);
      });
      writer.nullableString(null).int32(1);
      writer.array(topics, (topic) => writer.int16(0).string(topic).int8(0).int32(0));
    } else writer.int16(0);
  };

  const take = (socket: Socket, connection: number, request: Buffer): void => {
    const reader = new BinaryReader(request);
    const key = reader.int16();
    reader.int16();
    const correlationId = reader.int32();
    const api = key === API_VERSIONS ? "ApiVersions" : (names.get(key) ?? `API ${key}`);
    requests.push({ api, connection });
    if (isFrozen) return;
    const writer = new BinaryWriter();
    writer.int32(correlationId);
    answer(api, writer);
    const size = Buffer.alloc(4);
    size.writeInt32BE(writer.written.length);
    socket.write(Buffer.concat([size, writer.written]));
  };

  const listen = async (): Promise<void> => {
    server = createServer((socket) => {
      const connection = connections;
      connections += 1;
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      socket.on("error", () => socket.destroy());
      let rest: Buffer = Buffer.alloc(0);
      socket.on("data", (bytes) => {
        rest = Buffer.concat([rest, Buffer.from(bytes)]);
        while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
          const end = 4 + rest.readInt32BE(0);
          take(socket, connection, rest.subarray(4, end));
          rest = rest.subarray(end);
        }
      });
    });
    const listening = Promise.withResolvers<void>();
    server.listen(0, "127.0.0.1", listening.resolve);
    await listening.promise;
    const bound = server.address();
    port = typeof bound === "object" && bound !== null ? bound.port : 0;
  };
  const stop = (): Promise<void> => {
    const closed = Promise.withResolvers<void>();
    server.close(() => closed.resolve());
    for (const socket of sockets) socket.destroy();
    return closed.promise;
  };

  await listen();
  return {
    nodeId,
    get address() {
      return `127.0.0.1:${port}`;
    },
    requests,
    get open() {
      return sockets.size;
    },
    freeze() {
      isFrozen = true;
    },
    thaw() {
      isFrozen = false;
    },
    stop,
    async move() {
      await stop();
      await listen();
    },
    limitVersions(known) {
      versions = typeof known === "number" ? upTo(known) : known;
    },
    [Symbol.asyncDispose]: stop,
  };
}
