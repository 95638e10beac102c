import { afterAll, expect, test } from "bun:test";
import { createTopicService } from "../../../../../infra/host/services/topic/topic-service.ts";
import { createKafkaLinks } from "../../../../../lib/adapters/kafka/client/links.ts";
import { createMemoryLogger } from "../../../../support/memory-logger.ts";
import { reconcileResult } from "../../../../support/reconcile-result.ts";
import { kafkaSettings, settings } from "../../../../support/settings.ts";

let connections = 0;
const broker = Bun.listen({
  hostname: "127.0.0.1",
  port: 0,
  socket: {
    open(socket) {
      connections += 1;
      socket.end();
    },
    data() {},
  },
});
afterAll(() => broker.stop(true));

test("every connection of an explanation goes through what the host's clients share", async () => {
  const links = createKafkaLinks();
  let asked = 0;
  const last = reconcileResult();
  const brokers = [`127.0.0.1:${broker.port}`];
  const elasticsearch = { ...last.memory.settings.elasticsearch, nodes: ["http://127.0.0.1:1"] };
  const service = createTopicService({
    pool: { tryNow: () => false },
    loop: {
      last,
      memory: { ...last.memory, settings: settings({ kafka: kafkaSettings({ brokers }), elasticsearch }) },
      run: () => Promise.resolve(last),
    },
    listed: () => Promise.resolve([]),
    currentOwners: () => Promise.resolve(null),
    logger: createMemoryLogger(),
    links: {
      ...links,
      addresses: {
        ...links.addresses,
        choose() {
          asked += 1;
          throw new Error("the host's address book was asked");
        },
      },
    },
  });
  await service.routes.explain("app", new AbortController().signal);
  await service.stop();
  expect(asked).toBeGreaterThan(0);
  expect(connections).toBe(0);
});
