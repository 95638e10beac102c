import { afterEach, describe, expect, test } from "bun:test";
import { createRequire } from "node:module";
import { connect, createServer, type Server, type Socket } from "node:net";
import * as fc from "fast-check";
import { eventually } from "../../support/eventually.ts";

/** The parts of infra/patches/kafkajs@2.2.4.patch that are about a connection's end; see infra/patches/README.md. */
const require = createRequire(import.meta.url);

interface Connection {
  connect(): Promise<boolean>;
  disconnect(): Promise<boolean>;
  isConnected(): boolean;
  send(call: object): Promise<string>;
}
const Connection = require("kafkajs/src/network/connection") as new (options: object) => Connection;
const Encoder = require("kafkajs/src/protocol/encoder") as new () => unknown;

/** A request without content, whose answer is text. */
const call = {
  request: { apiKey: 3, apiVersion: 0, apiName: "Metadata", encode: () => Promise.resolve(new Encoder()) },
  response: {
    decode: (payload: Buffer) => Promise.resolve({ text: payload.toString() }),
    parse: ({ text }: { text: string }) => Promise.resolve(text),
  },
};

interface Answer {
  readonly correlationId: number;
  readonly size: number;
  readonly payload: Buffer;
}

/** One that is not connected: fed by hand. */
function bareConnection(onAnswer: (answer: Answer) => void): { processData(bytes: Buffer): void } {
  const silent = { debug() {}, error() {}, warn() {}, info() {} };
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
    const silent = { debug() {}, error() {}, warn() {}, info() {} };
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
