import { expect, test } from "bun:test";
import { connect } from "node:net";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { useStack } from "../support/stack-clients.ts";
import { produceSteadily } from "../support/steady-producer.ts";

const servers = useStack();

const DESCRIPTORS = 400;
const FLOOD = 450;

test("connections from strangers take no descriptor that the topics need", async () => {
  const topic = uniqueName("flooded");
  await servers.kafka.createTopic(topic, 1);
  await using host = await startTestHost(
    { ...servers.config, topics: [{ topic }] },
    {
      start: (folder) =>
        Promise.resolve(
          Bun.spawn(
            ["sh", "-c", `ulimit -n ${DESCRIPTORS}; exec "$0" "$@"`, process.execPath].concat([
              "infra/host/main.ts",
              "--config",
              join(folder, "config.yaml"),
            ]),
            { cwd: join(import.meta.dir, "../.."), stdin: "ignore", stdout: "pipe", stderr: "inherit" },
          ),
        ),
    },
  );
  await host.untilTopic(topic, "runs", ({ state }) => state === "running");
  const producer = produceSteadily(servers.kafka, topic);
  const { hostname, port } = new URL(host.url);
  const closed = Array.from({ length: FLOOD }, () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const socket = connect(Number(port), hostname, () => socket.write("GET /healthz HTTP/1.1\r\nHost: loc"));
    socket.once("error", () => {});
    socket.once("close", () => resolve());
    return promise;
  });
  await eventually("they are seen", () =>
    host.log().some(({ level, reason }) => level !== "info" && reason === "http_connections"),
  );
  await Promise.all(closed);
  expect((await host.fetch("/healthz")).status).toBe(200);
  const sent = await producer.stop();
  await host.untilTopic(
    topic,
    "has indexed all",
    ({ counts, partitions }) => counts.indexed + counts.duplicate >= sent && partitions[0]?.lag === 0,
  );
  // What else it says is no proof: a bulk or a read of the config file may fail before the connections were counted, and busy
  // servers have no time for all of it. Each is retried.
  expect(await servers.elasticsearch.count(topic)).toBe(await servers.kafka.written(topic));
}, 240_000);
