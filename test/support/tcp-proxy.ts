import { connect, createServer, type Socket } from "node:net";
import { DelayLine } from "./delay-line.ts";

/** Sees the bytes of one connection before they are forwarded or dropped. */
export interface ConnectionTap {
  fromClient(bytes: Buffer): void;
  /** Not called for dropped bytes, because the client never saw them. */
  fromServer(bytes: Buffer): void;
  /** The client has disconnected, and nothing more comes. */
  closed(): void;
}

export interface TcpProxyOptions {
  /** Called once per connection. */
  readonly tap?: () => ConnectionTap;
  /** The client address that the server sees: any of 127.0.0.0/8 on Linux. */
  readonly from?: string;
}

/** A proxy between a host and a server that can break their connections without touching the server. */
export interface TcpProxy extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /**
   * Drops bytes in this direction and keeps connections open, as if packets were lost; new ones too.
   * `requests` are from clients, `answers` from the server.
   */
  block(what?: "requests" | "answers"): void;
  /** Cuts connections that lost bytes; new ones pass. */
  unblock(): void;
  /** Cuts all connections; new ones pass. */
  cut(): void;
  /** Forwards only part of the server's next bytes, then cuts their connection; new ones pass. */
  cutInAnswer(): void;
  /** Delays everything in both directions; 0 for no delay. */
  delay(ms: number): void;
  /** Cuts all connections and stops listening until `reset`. */
  refuse(): Promise<void>;
  /** Silences the open connections in both directions without closing them; new ones pass. */
  halfOpen(): void;
  /** Back to the initial state, without connections and faults. */
  reset(): Promise<void>;
}

interface Connection {
  readonly client: Socket;
  readonly upstream: Socket;
  silent: boolean;
}

/** @param target a function, called per connection, if the target is not known yet */
export async function startTcpProxy(
  target: string | (() => string),
  options: TcpProxyOptions = {},
): Promise<TcpProxy> {
  const open = new Set<Connection>();
  let blocked: "requests" | "answers" | null = null;
  let delayMs = 0;
  let cutNext = false;

  const cut = (): void => {
    for (const { client, upstream } of open) {
      client.destroy();
      upstream.destroy();
    }
  };

  const server = createServer((client) => {
    const { hostname, port } = new URL(typeof target === "string" ? target : target());
    const { from } = options;
    const upstream = connect({ port: Number(port), host: hostname, ...(from && { localAddress: from }) });
    const connection: Connection = { client, upstream, silent: false };
    const tap = options.tap?.();
    const [toServer, toClient] = [new DelayLine(() => delayMs), new DelayLine(() => delayMs)];
    open.add(connection);
    // Cut connections are this proxy's purpose; both ends notice them.
    for (const socket of [client, upstream]) socket.on("error", () => socket.destroy());
    client.on("data", (bytes: Buffer) => {
      tap?.fromClient(bytes);
      if (blocked === "requests" || connection.silent) return;
      toServer.push(() => upstream.write(bytes));
    });
    upstream.on("data", (bytes: Buffer) => {
      if (blocked === "answers" || connection.silent) return;
      if (cutNext) {
        cutNext = false;
        const part = bytes.subarray(0, Math.ceil(bytes.length / 2));
        tap?.fromServer(part);
        client.end(part);
        upstream.destroy();
        return;
      }
      toClient.push(() => {
        tap?.fromServer(bytes);
        client.write(bytes);
      });
    });
    client.on("close", () => {
      open.delete(connection);
      tap?.closed();
      upstream.destroy();
    });
    upstream.on("close", () => {
      if (connection.silent) return;
      open.delete(connection);
      // The server's last bytes before it closed are still forwarded.
      toClient.push(() => client.destroySoon());
    });
  });
  const listen = async (port: number): Promise<void> => {
    const listening = Promise.withResolvers<void>();
    server.once("error", listening.reject);
    server.listen(port, "127.0.0.1", listening.resolve);
    await listening.promise;
    server.off("error", listening.reject);
  };
  const close = async (): Promise<void> => {
    const closed = Promise.withResolvers<void>();
    server.close(() => closed.resolve());
    cut();
    await closed.promise;
  };
  await listen(0);
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return {
    url: `http://127.0.0.1:${address.port}`,
    block(what = "requests") {
      blocked = what;
    },
    unblock() {
      blocked = null;
      cut();
    },
    cut,
    cutInAnswer() {
      cutNext = true;
    },
    delay(ms) {
      delayMs = ms;
    },
    refuse: close,
    halfOpen() {
      for (const connection of open) connection.silent = true;
    },
    async reset() {
      blocked = null;
      delayMs = 0;
      cutNext = false;
      cut();
      if (!server.listening) await listen(address.port);
    },
    async [Symbol.asyncDispose]() {
      if (server.listening) await close();
    },
  };
}
