import { expect, test } from "bun:test";
import { createRequire } from "node:module";
import { type Admin, KafkaJSConnectionError } from "kafkajs";
import { rejection } from "../../support/rejection.ts";

/** infra/patches/kafkajs/12-controller.patch */
const require = createRequire(import.meta.url);
const Cluster = require("kafkajs/src/cluster") as new (options: object) => object;
const createAdmin = require("kafkajs/src/admin") as (options: object) => Admin;
const silent = { debug() {}, error() {}, warn() {}, info() {} };
const logger = { ...silent, namespace: () => silent };

/** An administrator of a cluster whose metadata name these controllers, one after the other; only broker 1 is there. */
function adminOf(...controllers: readonly number[]) {
  let asked = 0;
  const refreshMetadata = async (): Promise<void> => {
    asked += 1;
  };
  const cluster = Object.assign(new Cluster({ logger, brokers: ["h:1"], retry: {} }), {
    refreshMetadata,
    brokerPool: {
      get metadata() {
        return { controllerId: controllers[asked - 1] ?? controllers.at(-1) };
      },
      async findBroker({ nodeId }: { readonly nodeId: number }) {
        if (nodeId === 7) throw new KafkaJSConnectionError("refused");
        if (nodeId !== 1) throw Object.assign(new Error("left"), { name: "KafkaJSBrokerNotFound" });
        return { createTopics: async () => {} };
      },
    },
  });
  const admin = createAdmin({ logger, cluster, retry: { initialRetryTime: 1, retries: 4 } });
  return {
    asked: () => asked,
    create: () => admin.createTopics({ topics: [{ topic: "t" }], waitForLeaders: false }),
  };
}

test("while no controller is known, or one that left, a topic's creation waits for the next", async () => {
  const admin = adminOf(-1, 2, 1);
  expect(await admin.create()).toBe(true);
  expect(admin.asked()).toBeGreaterThanOrEqual(3);
});

test("not for ever, and not for one that is there but cannot be reached", async () => {
  expect(await rejection(adminOf(-1).create())).toMatchObject({
    message: "This is not the correct controller for this cluster",
  });
  expect(await rejection(adminOf(7).create())).toMatchObject({ message: "refused" });
});
