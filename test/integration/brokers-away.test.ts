import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { AssignerProtocol } from "kafkajs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { connectTestKafka, type TestKafka, uniqueName } from "../support/kafka.ts";
import { testStack } from "../support/stack.ts";

/** A port that accepts connections until the test is over. */
async function listen(
  host: string,
  onSocket: (socket: Socket) => void,
): Promise<AsyncDisposable & { port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

describe("a host whose list of brokers is out of date", () => {
  let kafka: TestKafka;
  let stack: Awaited<ReturnType<typeof testStack>>;

  beforeAll(async () => {
    stack = await testStack();
    kafka = await connectTestKafka(stack.brokers);
  });
  afterAll(() => kafka[Symbol.asyncDispose]());

  const startHost = (brokers: string[], topics: string[], group = uniqueName("away")): Promise<TestHost> =>
    startTestHost({
      kafka: { brokers, group },
      elasticsearch: { nodes: [stack.elasticsearchNode] },
      deadLetters: { topic: uniqueName("dead") },
      topics,
    });

  test("is ready and moves records if the first broker is silent, through the second's IPv6 address", async () => {
    const topic = uniqueName("silent");
    await kafka.createTopic(topic, 1);
    await kafka.produce(topic, [{ value: "one" }]);
    const [real = ""] = stack.brokers;
    await using silent = await listen("127.0.0.1", () => {});
    await using way = await listen("::1", (socket) => {
      const onward = connect({ host: "127.0.0.1", port: Number(real.split(":")[1]) });
      onward.on("error", () => socket.destroy());
      socket.pipe(onward).pipe(socket);
    });
    await using host = await startHost([`127.0.0.1:${silent.port}`, `[::1]:${way.port}`], [topic]);
    await host.untilIndexed(topic, 1, 30_000);
    await eventually("it is ready", async () => (await host.fetch("/readyz")).ok, 30_000);
  }, 360_000);

  test("names the other client that keeps it out of its group, and that client's address", async () => {
    const topic = uniqueName("stranger");
    await kafka.createTopic(topic, 1);
    const { MemberMetadata } = AssignerProtocol;
    const stranger = kafka.kafka.consumer({
      groupId: topic,
      partitionAssigners: [
        () => ({
          name: "their-own",
          version: 1,
          assign: () => Promise.resolve([]),
          protocol: ({ topics }) => ({
            name: "their-own",
            metadata: MemberMetadata.encode({ version: 1, topics, userData: Buffer.alloc(0) }),
          }),
        }),
      ],
    });
    await stranger.connect();
    try {
      await stranger.subscribe({ topics: [topic] });
      const joined = new Promise<void>((resolve) => stranger.on(stranger.events.GROUP_JOIN, () => resolve()));
      await stranger.run({ eachMessage: () => Promise.resolve() });
      await joined;
      await using host = await startHost(stack.brokers, [topic], topic);
      const { reason } = await host.untilTopic(topic, "says why", ({ state }) => state === "failed", 30_000);
      expect(reason).toMatch(
        new RegExp(
          `^group ${topic} is used by another client \\("[^"]+" at 127\\.0\\.0\\.1\\), which assigns partitions in another way: stop that client, or choose another kafka\\.group$`,
        ),
      );
    } finally {
      await stranger.disconnect();
    }
  }, 360_000);
});
