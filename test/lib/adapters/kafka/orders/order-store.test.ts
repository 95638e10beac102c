import { expect, test } from "bun:test";
import { createOrderStore } from "../../../../../lib/adapters/kafka/orders/order-store.ts";
import type { KafkaWire } from "../../../../../lib/adapters/kafka/protocol/wire.ts";
import { systemTime } from "../../../../../lib/adapters/system/system-time.ts";
import { rejection } from "../../../../support/rejection.ts";

test("that the user may not read a topic is a refusal, and not an outage", async () => {
  const errors: Readonly<Record<string, string>> = { secret: "TOPIC_AUTHORIZATION_FAILED", odd: "UNKNOWN" };
  const wire = {
    call: (_to: unknown, api: string, { topics }: { topics: readonly { topic: string }[] }) =>
      Promise.resolve(
        api === "FindCoordinator"
          ? { error: null, nodeId: 1 }
          : {
              topics: topics.map(({ topic }) => ({
                topic,
                partitions: [{ partition: 0, error: errors[topic] ?? null }],
              })),
            },
      ),
    cut() {},
  } as unknown as KafkaWire;
  const store = createOrderStore(wire, "penstock", "holds", systemTime);
  const write = (...topics: string[]) =>
    store.write(
      topics.map((topic) => ({ topic, partition: 0, offset: 0, metadata: "m" })),
      new AbortController().signal,
    );
  await write("app");
  expect(await rejection(write("app", "secret"))).toMatchObject({
    code: "kafka_refused",
    message: expect.stringContaining("allow Read on it (group penstock.holds)"),
  });
  expect(await rejection(write("odd"))).toMatchObject({ code: "kafka_unavailable" });
});
