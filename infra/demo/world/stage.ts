import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { createKafkaClient } from "../../../lib/adapters/kafka/client/client.ts";
import { parseConfig } from "../../../lib/rules/config/config.ts";
import { topicStates } from "../../../lib/rules/progress/status.ts";
import type { Guard } from "../../stack/process/guard.ts";
import { freePorts } from "../../stack/process/ports.ts";
import { createServer, type Server } from "../../stack/process/server.ts";
import type { Environment } from "../../stack/process/ground.ts";
import type { Stack } from "../../stack/stack.ts";
import { startActivity } from "./activity.ts";
import { connectBroker, type Broker } from "./broker.ts";
import { createDeclarations, type Declarations } from "./declarations.ts";
import { createDocuments, type Documents } from "./documents.ts";
import { createFeed, type Feed } from "./feed.ts";

/** The topics of the config file. */
export const fileTopics = ["kafka_log", "elasticsearch_log", "penstock_log"] as const;
/** Declared in etcd while the host runs. */
export const addedTopic = "etcd_log";
/** Declared in etcd from the start, and removed while the host runs: the demo's own log. */
export const removedTopic = "demo_log";

export type DemoTopic = (typeof fileTopics)[number] | typeof addedTopic | typeof removedTopic;
/** The source file of each topic. */
export type LogFiles = Readonly<Record<DemoTopic, string>>;

/** The used part of the host's answer about one topic. */
export type HostTopic = z.infer<typeof hostTopicsSchema>[number];
const hostTopicsSchema = z.array(z.object({ topic: z.string(), state: z.enum(topicStates) }));

/** Everything that the steps use. The caller closes it; the host and the servers end with their guards. */
export interface Stage extends AsyncDisposable {
  readonly stack: Stack;
  /** Not started yet. */
  readonly host: Server;
  readonly hostUrl: string;
  readonly configPath: string;
  readonly logFiles: LogFiles;
  readonly broker: Broker;
  readonly documents: Documents;
  readonly declarations: Declarations;
  readonly feed: Feed;
  /** The host's answer to `GET /topics`. */
  topics(): Promise<HostTopic[]>;
}

export interface StageOptions {
  readonly stack: Stack;
  /** Holds the host. Its folder contains the config file and the logs of the host and the demo. */
  readonly guard: Guard;
  readonly environment: Environment;
  readonly signal: AbortSignal;
  /** Called with errors in the background. */
  readonly onError: (error: unknown) => void;
}

/** The demo's own log file. */
export const demoLogFile = (guard: Guard): string => join(guard.folder, "demo.log");

export async function setStage(options: StageOptions): Promise<Stage> {
  const { stack, guard, environment, signal, onError } = options;
  const [port = 0] = await freePorts(1);
  const hostUrl = `http://127.0.0.1:${port}`;
  const logFiles: LogFiles = {
    kafka_log: stack.kafka.logFile,
    elasticsearch_log: stack.elasticsearch.logFile,
    etcd_log: stack.etcd.logFile,
    penstock_log: join(guard.folder, "penstock.log"),
    demo_log: demoLogFile(guard),
  };
  const configPath = join(guard.folder, "config.yaml");
  const config = configText(stack, port, logFiles);
  await writeFile(configPath, config);
  const { settings } = parseConfig(config, {
    file: configPath,
    environment: {},
    readFile(path) {
      throw new Error(`the demo's config must not refer to a file, but refers to ${path}`);
    },
  });
  if (settings.etcd === null) throw new Error("the demo's config has no etcd section");

  await using opened = new AsyncDisposableStack();
  const quiet = { debug() {}, info() {}, warn() {}, error() {} };
  const kafka = createKafkaClient(settings.kafka, quiet);
  const broker = opened.use(await connectBroker(kafka, settings.kafka.group));
  const declarations = createDeclarations(settings.etcd, signal);
  const feed = opened.use(createFeed(broker, onError));
  const partitions = Object.keys(logFiles).map((topic) => [topic, topic === "kafka_log" ? 3 : 1] as const);
  await broker.createTopics(new Map(partitions), signal);
  for (const [topic, file] of Object.entries(logFiles)) feed.follow(file, topic);
  opened.use(
    startActivity({
      kafka,
      elasticsearchNode: stack.elasticsearch.node,
      etcdEndpoint: stack.etcd.endpoints[0] ?? "",
      onError,
    }),
  );
  const closing = opened.move();

  return {
    stack,
    hostUrl,
    configPath,
    logFiles,
    broker,
    declarations,
    feed,
    documents: createDocuments(stack.elasticsearch.node, signal),
    host: createServer({
      name: "The host",
      guard,
      environment,
      command: [process.execPath, join(import.meta.dir, "../../host/main.ts"), "--config", configPath],
      logFile: logFiles.penstock_log,
      readyWithinMs: 20_000,
      async probe(signal) {
        const answer = await fetch(`${hostUrl}/healthz`, { signal });
        if (!answer.ok) throw new Error(`/healthz answered ${answer.status}`);
      },
    }),
    async topics() {
      const answer = await fetch(`${hostUrl}/topics`, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
      });
      if (!answer.ok) throw new Error(`GET /topics was answered ${answer.status}`);
      return hostTopicsSchema.parse(await answer.json());
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

function configText(stack: Stack, port: number, logFiles: LogFiles): string {
  const topics = fileTopics.map((topic) => {
    const json = topic === "penstock_log" ? { format: "json", timestamp: "time" } : {};
    return `  - ${JSON.stringify({ topic, path: logFiles[topic], ...json })}\n`;
  });
  return `http: { port: ${port} }
kafka: { brokers: ${JSON.stringify(stack.kafka.brokers)} }
elasticsearch: { nodes: ${JSON.stringify([stack.elasticsearch.node])} }
etcd: { endpoints: ${JSON.stringify(stack.etcd.endpoints)}, keys: ["penstock/topics/"] }
topics:
${topics.join("")}`;
}
