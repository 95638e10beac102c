/** The kafkajs internals we use: its connection, error names and old decoders. */

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

  export interface QueuedRequest {
    readonly entry: {
      readonly apiKey: number;
      readonly apiVersion: number;
      readonly apiName: string;
      readonly correlationId: number;
      /** @param answer positioned after its size and correlation id */
      resolve(answer: { readonly payload: Buffer }): void;
      reject(error: unknown): void;
    };
    readonly expectResponse: true;
    /** The timeout in milliseconds, after which the connection is closed. */
    readonly limit: number;
    sendRequest(): void;
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
        /** The timeout of requests without a `limit`: those of a login. */
        readonly requestTimeout: number;
      },
    );
    readonly connectionStatus: "connected" | "disconnecting" | "disconnected";
    connect(): Promise<unknown>;
    setVersions(versions: Versions): void;
    setSupportAuthenticationProtocol(isSupported: boolean): void;
    /** Does nothing if no login is needed. */
    authenticate(): Promise<void>;
    /** Also false if no login is needed. */
    isAuthenticated(): boolean;
    failIfNotConnected(): void;
    nextCorrelationId(): number;
    readonly socket: Socket;
    readonly requestQueue: {
      /** Sends it at once, unless the broker throttles this client. */
      push(request: QueuedRequest): void;
      maybeThrottle(ms: number): void;
    };
    /** True once a request that needs a login was answered. */
    served: boolean;
    /** Closes it at once and rejects pending requests with this error. */
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
  /** Uses the codecs registered with kafkajs. */
  export default function decodeMessageSet(decoder: Decoder, bytes: number): Promise<KafkaMessage[]>;
}
