/** What is used of kafkajs beside what it exports: one connection, and the names of Kafka's errors. */

declare module "kafkajs/src/network/connection.js" {
  import type { Socket } from "node:net";
  import type { KafkaConfig } from "kafkajs";

  export interface Logger {
    namespace(name: string): Logger;
    debug(message: string, extra?: object): void;
    info(message: string, extra?: object): void;
    warn(message: string, extra?: object): void;
    error(message: string, extra?: object): void;
  }

  export interface ProtocolRequest<T> {
    readonly request: {
      readonly apiKey: number;
      readonly apiVersion: number;
      readonly apiName: string;
      /** What it looks for in one of its own encoders. */
      encode(): Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>;
    };
    readonly response: {
      decode(payload: Buffer): Promise<{ readonly clientSideThrottleTime: number }>;
      parse(decoded: { readonly clientSideThrottleTime: number }): Promise<T>;
    };
    /** For the answer, in milliseconds: then the connection is given up. */
    readonly limit: number;
    readonly logResponseError?: boolean;
  }

  export type Versions = Readonly<
    Record<number, { readonly minVersion: number; readonly maxVersion: number }>
  >;

  export default class Connection {
    constructor(
      options: Pick<KafkaConfig, "ssl" | "sasl" | "links"> & {
        readonly host: string;
        readonly port: number;
        readonly clientId: string;
        readonly logger: Logger;
        readonly socketFactory: (options: object) => Socket;
        readonly connectionTimeout: number;
        /** Of requests without a `limit`: those of a login. */
        readonly requestTimeout: number;
      },
    );
    readonly connectionStatus: "connected" | "disconnecting" | "disconnected";
    connect(): Promise<unknown>;
    setVersions(versions: Versions): void;
    setSupportAuthenticationProtocol(isSupported: boolean): void;
    /** Does nothing where no login is needed. */
    authenticate(): Promise<void>;
    send<T>(request: ProtocolRequest<T>): Promise<T>;
    /** Closes it at once, and rejects with this what is under way. */
    abandon(error: Error): void;
  }
}

declare module "kafkajs/src/network/socketFactory.js" {
  import type { Socket } from "node:net";
  export default function createSocketFactory(): (options: object) => Socket;
}

declare module "kafkajs/src/protocol/error.js" {
  const protocolErrors: {
    readonly errorCodes: readonly {
      readonly code: number;
      readonly type: string;
      readonly message: string;
    }[];
  };
  export default protocolErrors;
}

declare module "kafkajs/src/protocol/decoder.js" {
  export default class Decoder {
    constructor(buffer: Buffer);
    readonly buffer: Buffer;
  }
}

declare module "kafkajs/src/protocol/messageSet/decoder.js" {
  import type { KafkaMessage } from "kafkajs";
  import type Decoder from "kafkajs/src/protocol/decoder.js";
  /** Compressed ones by the codecs that kafkajs was taught. */
  export default function decodeMessageSet(decoder: Decoder, bytes: number): Promise<KafkaMessage[]>;
}
