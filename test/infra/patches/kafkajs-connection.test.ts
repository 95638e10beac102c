import { afterEach, describe, expect, test } from "bun:test";
import { createRequire } from "node:module";
import { connect, createServer, type Server, Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import * as fc from "fast-check";
import { eventually } from "../../support/eventually.ts";
import { rejection } from "../../support/rejection.ts";

/** infra/patches/kafkajs/02-answers.patch, 03-lost-connections.patch and 05-refusals.patch */
const require = createRequire(import.meta.url);

interface Connection {
  connect(): Promise<boolean>;
  disconnect(): Promise<boolean>;
  isConnected(): boolean;
  isAuthenticated(): boolean;
  send(call: object): Promise<string>;
  readonly broker: string;
  leave(): void;
  links: {
    served(address: string): void;
    lost(address: string, error: { readonly code: string }): void;
  } | null;
}
const Connection = require("kafkajs/src/network/connection") as new (options: object) => Connection;
const Long = require("kafkajs/src/utils/long") as { fromValue(value: number): unknown };
const Encoder = require("kafkajs/src/protocol/encoder") as new () => unknown;

const silent = { debug() {}, error() {}, warn() {}, info() {} };

/** A request without content, whose answer is text. */
const call = {
  request: { apiKey: 3, apiVersion: 0, apiName: "Metadata", encode: () => Promise.resolve(new Encoder()) },
  response: {
    decode: (payload: Buffer) => Promise.resolve({ text: payload.toString() }),
    parse: ({ text }: { text: string }) => Promise.resolve(text),
  },
};

/** What is asked before the login. */
const versions = { ...call, request: { ...call.request, apiKey: 18, apiName: "ApiVersions" } };

interface Answer {
  readonly correlationId: number;
  readonly size: number;
  readonly payload: Buffer;
}

/** One that is not connected: fed by hand. */
function bareConnection(onAnswer: (answer: Answer) => void): { processData(bytes: Buffer): void } {
  const made = new Connection({ host: "h", port: 1, logger: { namespace: () => silent } });
  return Object.assign(made as Connection & { processData(bytes: Buffer): void }, {
    requestQueue: { fulfillRequest: onAnswer },
  });
}

/** An answer as it goes over the wire. */
function answerTo(request: Buffer, text: string): Buffer {
  const head = Buffer.alloc(8);
  head.writeInt32BE(4 + text.length, 0);
  head.writeInt32BE(request.readInt32BE(8), 4);
  return Buffer.concat([head, Buffer.from(text)]);
}

describe("a connection of the patched kafkajs", () => {
  const closers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).toReversed()) await close();
  });

  /** @param answer what the server does with requests; told how many connections there were before */
  async function connection(
    requestTimeout: number,
    answer: (socket: Socket, request: Buffer, before: number) => void,
  ): Promise<Connection> {
    const sockets = new Set<Socket>();
    const server: Server = createServer((socket) => {
      const before = sockets.size;
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("data", (request: Buffer) => answer(socket, request, before));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closers.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const { port } = server.address() as { port: number };
    const made = new Connection({
      host: "127.0.0.1",
      port,
      logger: { namespace: () => silent },
      socketFactory: ({ onConnect }: { onConnect: () => void }) => connect(port, "127.0.0.1", onConnect),
      requestTimeout,
      connectionTimeout: 5_000,
    });
    closers.push(() => made.disconnect());
    return made;
  }

  test("puts answers together, however they are cut into pieces and joined", () => {
    const processData = fc.array(fc.uint8Array({ maxLength: 30 }), { minLength: 1, maxLength: 6 });
    const cuts = fc.array(fc.nat(200), { maxLength: 12 });
    fc.assert(
      fc.property(processData, cuts, (payloads, cuts) => {
        const stream = Buffer.concat(
          payloads.map((payload, correlationId) => {
            const head = Buffer.alloc(8);
            head.writeInt32BE(4 + payload.length, 0);
            head.writeInt32BE(correlationId, 4);
            return Buffer.concat([head, payload]);
          }),
        );
        const got: Buffer[] = [];
        const made = bareConnection((answer) => {
          expect(answer).toMatchObject({ correlationId: got.length, size: answer.payload.length + 4 });
          got.push(answer.payload);
        });
        const ends = [...new Set([...cuts, stream.length])]
          .filter((end) => end <= stream.length)
          .sort((a, b) => a - b);
        let start = 0;
        for (const end of ends) {
          // A copy: what the socket gives may be its own to write to again.
          made.processData(Buffer.from(stream.subarray(start, end)));
          start = end;
        }
        expect(got.map((payload) => [...payload].join())).toEqual(payloads.map((payload) => payload.join()));
      }),
    );
  });

  test("begins anew after one that broke off in the middle of an answer", async () => {
    const made = await connection(30_000, (socket, request, before) => {
      const answer = answerTo(request, `answer ${before}`);
      // One byte of its length is missing too: nothing of it can be made out.
      if (before === 0) socket.end(answer.subarray(0, 3));
      else socket.write(answer);
    });
    await made.connect();
    await made.send(call).then(
      () => expect.unreachable(),
      (error: Error) => expect(error.message).toBe("Closed connection"),
    );
    await eventually("it is closed", () => !made.isConnected());
    await made.connect();
    expect(await made.send(call)).toBe("answer 1");
  });

  test.each([
    ["a port that wants TLS", Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x50]), "KAFKA_WANTS_TLS"],
    ["a web server", Buffer.from("HTTP/1.1 400 Bad Request\r\n"), "NOT_KAFKA"],
    ["something whose answer begins like a negative size", Buffer.from([0xff, 0xfe, 0, 0, 0]), "NOT_KAFKA"],
  ])("tells %s from a broker by its first answer", async (_, answer, code) => {
    const made = await connection(30_000, (socket) => void socket.write(answer));
    await made.connect();
    const error = await rejection(made.send(call));
    expect(error).toMatchObject({ name: "KafkaJSConnectionError", code, isRefusal: true });
    await eventually("it is closed", () => !made.isConnected());
  });

  test("that is closed tells whether it answered, and served, anything before", async () => {
    const made = await connection(30_000, (socket, request, before) => {
      if (before === 0 || request.readInt32BE(8) === 4) socket.end();
      else if (before === 1 && request.readInt16BE(4) !== versions.request.apiKey) socket.end();
      else socket.write(answerTo(request, "an answer"));
    });
    const lost: (readonly [string, string])[] = [];
    const served: string[] = [];
    const { broker } = made;
    made.links = {
      served: (address) => served.push(address),
      lost: (address, { code }) => lost.push([address, code]),
    };
    await made.connect();
    expect(await rejection(made.send(call))).toMatchObject({ code: "CLOSED_UNANSWERED", broker });
    await eventually("it is closed", () => !made.isConnected());
    await made.connect();
    await made.send(versions);
    expect(await rejection(made.send(call))).toMatchObject({ code: "CLOSED_UNSERVED", broker });
    await eventually("it is closed", () => !made.isConnected());
    expect(served).toEqual([]);
    await made.connect();
    await made.send(call);
    expect(await rejection(made.send(call))).not.toHaveProperty("code", expect.stringContaining("CLOSED"));
    expect(served).toEqual([broker]);
    expect(lost).toEqual([
      [broker, "CLOSED_UNANSWERED"],
      [broker, "CLOSED_UNSERVED"],
    ]);
  });

  test("with TLS that ends in the handshake is an error, not a wait without end", async () => {
    const server = createServer((socket) => void socket.once("data", () => socket.end()));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closers.push(() => server.close());
    const { port } = server.address() as { port: number };
    const made = new Connection({
      host: "127.0.0.1",
      port,
      ssl: {},
      logger: { namespace: () => silent },
      socketFactory: ({ onConnect }: { onConnect: () => void }) =>
        connectTls({ port, host: "127.0.0.1" }, onConnect),
      requestTimeout: 5_000,
      connectionTimeout: 5_000,
    });
    expect(await rejection(made.connect())).toMatchObject({ code: "CLOSED_IN_HANDSHAKE", isRefusal: true });
  });

  test("prolongs a session of 10 s after two thirds of it, and a long one 10 s before its end", () => {
    const made = new Connection({ host: "h", port: 1, logger: { namespace: () => silent } });
    const at = (lifetimeMs: number, ageMs: number): boolean => {
      const [seconds, nanos] = process.hrtime();
      const begun = seconds * 1e9 + nanos - ageMs * 1e6;
      const second = Math.floor(begun / 1e9);
      const authenticatedAt = [second, begun - second * 1e9];
      return Object.assign(made, {
        authenticatedAt,
        sessionLifetime: Long.fromValue(lifetimeMs),
      }).isAuthenticated();
    };
    expect([at(10_000, 6_000), at(10_000, 7_000)]).toEqual([true, false]);
    expect([at(3_600_000, 3_589_000), at(3_600_000, 3_591_000)]).toEqual([true, false]);
  });

  test("that never came about takes no requests, and its end waits for nothing", async () => {
    const sockets: Socket[] = [];
    const made = new Connection({
      host: "h",
      port: 1,
      logger: { namespace: () => silent },
      socketFactory: () => {
        // Nobody ever answers the attempt to connect.
        const socket = new Socket();
        sockets.push(socket);
        return socket;
      },
      requestTimeout: 30_000,
      connectionTimeout: 20,
    });
    const connecting = rejection(made.connect());
    // As all do that wait for a broker: each left a listener with the socket.
    for (let times = 0; times < 12; times += 1) await made.disconnect();
    expect(sockets[0]?.listenerCount("connect")).toBe(0);
    expect(await connecting).toMatchObject({ code: "ETIMEDOUT", broker: "h:1" });
    expect(await rejection(made.send(call))).toMatchObject({ message: "Not connected" });
    expect([made.isConnected(), sockets.map(({ destroyed }) => destroyed)]).toEqual([false, [true]]);
  });

  test("to a broker that left ends what waits for it at once, as a closed one does", async () => {
    const asked = Promise.withResolvers<void>();
    const made = await connection(30_000, () => asked.resolve());
    const { broker } = made;
    await made.connect();
    const waiting = rejection(made.send(call));
    await asked.promise;
    made.leave();
    expect(await waiting).toMatchObject({ name: "KafkaJSConnectionClosedError", broker });
    await eventually("it is closed", () => !made.isConnected());
  });

  test("to an IPv6 address is named as a list of brokers names it", () => {
    const made = new Connection({ host: "::1", port: 9092, logger: { namespace: () => silent } });
    expect(made.broker).toBe("[::1]:9092");
  });

  test("is given up once a request timed out, and the next one gets a new one", async () => {
    const made = await connection(100, (socket, request, before) => {
      if (before > 0) socket.write(answerTo(request, `answer ${before}`));
    });
    await made.connect();
    // Both went into the same silence; the second need not wait for its own time to run out.
    const outcomes = await Promise.allSettled([made.send(call), made.send(call)]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    await eventually("it is closed", () => !made.isConnected());
    await made.connect();
    expect(await made.send(call)).toBe("answer 1");
  });
});
