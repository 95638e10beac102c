import Connection, {
  type Logger as ConnectionLogger,
  type Versions,
} from "kafkajs/src/network/connection.js";
import createSocketFactory from "kafkajs/src/network/socketFactory.js";
import { PenstockError } from "../../../rules/base/errors.ts";
import type { LinkOptions } from "../client/client.ts";
import { BinaryReader, BinaryWriter } from "../../../rules/group/protocol/binary.ts";
import { apiCodecs } from "../protocol/codecs.ts";
import type { ApiCodec } from "../protocol/codec.ts";
import type { KafkaApi, KafkaCalls } from "../protocol/wire.ts";

/** For ApiVersions, which a broker answers from memory. A slower one is frozen or unreachable. */
const FIRST_ANSWER_MS = 3_000;
/** For each step of a login. */
const LOGIN_MS = 10_000;
const NO_ERROR = 0;
const INT32_BYTES = 4;
const API_VERSIONS = { key: 18, version: 2, name: "ApiVersions" };
/** The version that creates topics with the broker's default partitions and replicas: Kafka 2.4, KIP-464. */
const CREATE_TOPICS = { key: 19, version: 4, name: "CreateTopics" };
const spoken = Object.entries(apiCodecs).map(([name, { key, version }]) => ({ name, key, version }));
/** Not needed for reading records: a service or proxy without them is still usable. */
const optionalApis: ReadonlySet<string> = new Set<KafkaApi | "CreateTopics">([
  "CreateTopics",
  "DescribeGroups",
  "ListGroups",
  "DescribeConfigs",
]);

/** One connection to a broker, opened by `open` and reopened after it was lost. */
export class LaneConnection {
  /** `host:port` */
  readonly address: string;
  readonly #options: LinkOptions;
  readonly #logger: ConnectionLogger;
  #opening: PromiseWithResolvers<void> | null = null;
  #connection: Connection | null = null;
  #versions: Versions = {};
  #pending = 0;

  constructor(address: string, options: LinkOptions, logger: ConnectionLogger) {
    this.address = address;
    this.#options = options;
    this.#logger = logger;
  }

  get isOpen(): boolean {
    return this.#connection?.connectionStatus === "connected" && this.#opening === null;
  }

  /** The number of calls waiting for an answer. */
  get pending(): number {
    return this.#pending;
  }

  /** The broker's API versions, from the last opening. */
  get versions(): Versions {
    return this.#versions;
  }

  /** Does nothing if open. @throws kafkajs errors; PenstockError `kafka_refused` if the broker is too old or too new */
  async open(): Promise<void> {
    if (this.isOpen) return;
    if (this.#opening === null) {
      const opening = Promise.withResolvers<void>();
      this.#opening = opening;
      const end = (): void => {
        if (this.#opening === opening) this.#opening = null;
      };
      this.#connect().then(
        () => {
          end();
          opening.resolve();
        },
        (error: unknown) => {
          end();
          opening.reject(error);
        },
      );
    }
    await this.#opening.promise;
  }

  /**
   * Sends a request; the connection must be open.
   * @param limitMs the timeout, after which the connection is closed
   * @throws what kafkajs throws; PenstockError `kafka_refused` if the broker does not know the API
   */
  async ask<A extends KafkaApi>(
    api: A,
    request: KafkaCalls[A]["request"],
    limitMs: number,
  ): Promise<KafkaCalls[A]["answer"]> {
    const connection = this.#connection;
    if (connection === null) throw new PenstockError("kafka_unavailable", `${this.address} is not connected`);
    // An unknown API would make the broker close the connection, which others use too.
    if (this.#versions[apiCodecs[api].key] === undefined)
      throw new PenstockError("kafka_refused", `Kafka at ${this.address} does not support ${api}`);
    this.#pending += 1;
    try {
      // The login may have expired.
      if (this.#options.sasl !== undefined && !connection.isAuthenticated()) await connection.authenticate();
      const codec: ApiCodec<A> = apiCodecs[api];
      const { key, version } = codec;
      const answer = await this.#send(
        connection,
        { key, version, name: api, limitMs },
        (writer) => codec.encode(writer, request),
        (reader) => {
          connection.requestQueue.maybeThrottle(reader.int32());
          return codec.decode(reader, request);
        },
      );
      this.#served(connection);
      return answer;
    } finally {
      this.#pending -= 1;
    }
  }

  /** Closes it at once; pending calls fail with this error. */
  cut(error: PenstockError): void {
    const [connection, opening] = [this.#connection, this.#opening];
    this.#connection = null;
    this.#opening = null;
    opening?.reject(error);
    connection?.abandon(error);
  }

  async #connect(): Promise<void> {
    const colon = this.address.lastIndexOf(":");
    const connection = new Connection({
      ...this.#options,
      host: this.address.slice(0, colon).replace(/^\[(.*)\]$/, "$1"),
      port: Number(this.address.slice(colon + 1)),
      requestTimeout: LOGIN_MS,
      logger: this.#logger,
      socketFactory: createSocketFactory(),
    });
    this.#connection = connection;
    try {
      await connection.connect();
      this.#failIfCut(connection);
      this.#versions = await this.#askVersions(connection);
      failIfUnsupported(this.address, this.#versions);
      connection.setVersions(this.#versions);
      connection.setSupportAuthenticationProtocol(true);
      await connection.authenticate();
      this.#failIfCut(connection);
    } catch (error) {
      connection.abandon(closedWhileOpened(this.address));
      throw error;
    }
  }

  /** Sends header and body in one write. */
  #send<T>(
    connection: Connection,
    { key, version, name, limitMs }: Call,
    encode: (writer: BinaryWriter) => void,
    decode: (reader: BinaryReader) => T,
  ): Promise<T> {
    connection.failIfNotConnected();
    const correlationId = connection.nextCorrelationId();
    const writer = new BinaryWriter().int32(0).int16(key).int16(version).int32(correlationId);
    encode(writer.string(this.#options.clientId));
    const { written } = writer;
    writer.setInt32(0, written.length - INT32_BYTES);
    return new Promise((resolve, reject) => {
      connection.requestQueue.push({
        entry: {
          apiKey: key,
          apiVersion: version,
          apiName: name,
          correlationId,
          resolve({ payload }) {
            try {
              resolve(decode(new BinaryReader(payload)));
            } catch (error) {
              reject(error);
            }
          },
          reject,
        },
        expectResponse: true,
        limit: limitMs,
        sendRequest: () => void connection.socket.write(written),
      });
    });
  }

  async #askVersions(connection: Connection): Promise<Versions> {
    const { error, versions } = await this.#send(
      connection,
      { ...API_VERSIONS, limitMs: FIRST_ANSWER_MS },
      () => {},
      // A broker that does not know this version answers with an error in version 0, naming only this API's versions.
      (reader) => ({
        error: reader.int16(),
        versions: reader.array(
          () => [reader.int16(), { minVersion: reader.int16(), maxVersion: reader.int16() }] as const,
        ),
      }),
    );
    return error === NO_ERROR ? Object.fromEntries(versions) : {};
  }

  /** Reports that this address works, so that failures are attributed to others. */
  #served(connection: Connection): void {
    if (connection.served) return;
    connection.served = true;
    this.#options.links.served(this.address);
  }

  /** Fails if `cut` was called during the opening. */
  #failIfCut(connection: Connection): void {
    if (this.#connection !== connection) throw closedWhileOpened(this.address);
  }
}

function closedWhileOpened(address: string): PenstockError {
  return new PenstockError(
    "kafka_unavailable",
    `the connection to ${address} was closed while it was being opened`,
    {
      retryable: true,
    },
  );
}

interface Call {
  readonly key: number;
  readonly version: number;
  readonly name: string;
  readonly limitMs: number;
}

/** @throws PenstockError `kafka_refused` */
function failIfUnsupported(address: string, versions: Versions): void {
  for (const { name, key, version } of [...spoken, CREATE_TOPICS]) {
    const known = versions[key];
    if (known === undefined && optionalApis.has(name)) continue;
    const isTooNew = known !== undefined && known.minVersion > version;
    if (!isTooNew && known !== undefined && version <= known.maxVersion) continue;
    const text = isTooNew
      ? `is newer than this version of Penstock supports: it no longer accepts version ${version} of ${name}`
      : `is older than 2.4, the oldest version Penstock supports: it does not know version ${version} of ${name}`;
    throw new PenstockError("kafka_refused", `Kafka at ${address} ${text}`);
  }
}
