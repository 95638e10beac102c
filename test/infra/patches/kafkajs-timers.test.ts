import { describe, expect, test } from "bun:test";
import { createRequire } from "node:module";
import { rejection } from "../../support/rejection.ts";

/** infra/patches/kafkajs/01-idle-timers.patch */
const require = createRequire(import.meta.url);

const RequestQueue = require("kafkajs/src/network/requestQueue") as new (options: object) => {
  scheduleCheckPendingRequests(): void;
  scheduleRequestTimeoutCheck(): void;
  throttleCheckTimeoutId: unknown;
  requestTimeoutDueAt: number;
  pending: unknown[];
  push(request: object): void;
  fulfillRequest(response: object): void;
  destroy(): void;
};

describe("in the patched kafkajs", () => {
  test("an idle connection arms no timer", () => {
    const queue = new RequestQueue({
      requestTimeout: 1000,
      logger: { debug() {} },
      clientId: "c",
      broker: "b",
    });
    queue.scheduleCheckPendingRequests();
    expect(queue.throttleCheckTimeoutId).toBeNull();

    queue.pending.push({});
    queue.scheduleCheckPendingRequests();
    expect(queue.throttleCheckTimeoutId).not.toBeNull();
    queue.destroy();
  });

  test("request timeouts have one timer, due with the first of them, and none where nothing is in flight", async () => {
    const queue = new RequestQueue({
      requestTimeout: 40,
      enforceRequestTimeout: true,
      logger: { debug() {}, warn() {} },
      clientId: "c",
      broker: "b",
    });
    queue.scheduleRequestTimeoutCheck();
    expect(queue.requestTimeoutDueAt).toBe(Infinity);

    const push = (correlationId: number, requestTimeout: number): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const entry = { correlationId, apiName: "A", apiKey: 0, apiVersion: 0, resolve, reject };
        queue.push({ entry, expectResponse: true, requestTimeout, sendRequest() {} });
      });
    const begin = Date.now();
    const slow = push(1, 60_000);
    expect(queue.requestTimeoutDueAt - begin).toBeGreaterThanOrEqual(60_000);
    const quick = push(2, 40);
    expect(queue.requestTimeoutDueAt - begin).toBeLessThan(1_000);
    expect(await rejection(quick)).toMatchObject({ name: "KafkaJSRequestTimeoutError" });
    // The other one goes on, and has the timer now.
    expect(queue.requestTimeoutDueAt - begin).toBeGreaterThanOrEqual(60_000);
    queue.fulfillRequest({ correlationId: 1, payload: Buffer.alloc(0), size: 0 });
    await slow;
    queue.destroy();
  });
});
