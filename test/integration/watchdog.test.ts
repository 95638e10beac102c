import { describe, expect, test } from "bun:test";
import { consumedOf } from "../support/consumed.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { connectStack } from "../support/stack-clients.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";

/** A host that freezes at SIGUSR2, and the time it may stay frozen. */
const freezable = (limitMs: number) => ({ entry: ["test/support/freezable-host.ts", String(limitMs)] });
const last = (log: readonly Record<string, unknown>[]) => log.at(-1);

describe("a host with a blocked event loop is ended, and its log says so", () => {
  test("while it runs", async () => {
    await using servers = await connectStack();
    const topic = uniqueName("frozen");
    await servers.kafka.createTopic(topic);
    await using host = await startTestHost({ ...servers.config, topics: [topic] }, freezable(3_000));
    await host.untilTopic(topic, "runs", ({ state }) => state === "running");

    // A host suspended as a whole, even beyond that limit, is not ended for it.
    host.signal("SIGSTOP");
    await Bun.sleep(4_500);
    host.signal("SIGCONT");
    await eventually("it answers again", async () => (await host.fetch("/healthz")).ok);

    host.signal("SIGUSR2");
    expect(await host.exited).toBe(70);
    expect(last(host.log())).toEqual({
      level: "error",
      time: expect.any(String),
      // A reconcile is due as soon as the loop runs again, and may be where it froze.
      doing: expect.stringMatching(/^(running|reconciling) 1 topics$/),
      seconds: 3,
      cpuSeconds: expect.any(Number),
      msg: "the event loop is blocked: exiting; uncommitted records will be read again",
    });
  }, 240_000);

  test("while it stops: it is killed after shutdown.deadline", async () => {
    await using servers = await connectStack();
    const topic = uniqueName("frozen");
    await servers.kafka.createTopic(topic);
    // Keeps it from stopping before it is frozen.
    await using proxy = await startTcpProxy(servers.addresses.elasticsearchNode);
    const config = { ...servers.config, elasticsearch: { nodes: [proxy.url] }, shutdown: { deadline: "8s" } };
    await using host = await startTestHost({ ...config, topics: [topic] }, freezable(60_000));
    await host.untilTopic(topic, "runs", ({ state }) => state === "running");
    proxy.block();
    await servers.kafka.produce(topic, [{ value: "in flight" }]);
    await eventually("it is in flight", async () => (await consumedOf(host, topic)) >= 1);
    host.signal("SIGTERM");
    await eventually("it is stopping", () => host.log().some(({ msg }) => msg === "the host stops"));
    host.signal("SIGUSR2");
    expect(await host.exited).toBe(70);
    expect(last(host.log())).toMatchObject({
      doing: "stopping: committing 1 topics and leaving the group",
    });
  }, 240_000);
});
