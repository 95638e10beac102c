import { freePorts } from "../../../infra/stack/process/ports.ts";
import { startStack, type Stack } from "../../../infra/stack/stack.ts";
import { indexTemplateName, coveringTemplate } from "../../../lib/rules/template/index-template.ts";
import { testElasticsearch, type TestElasticsearch } from "../elasticsearch.ts";
import { connectTestKafka, type TestKafka } from "../kafka.ts";
import { startTcpProxy, type TcpProxy } from "../tcp-proxy.ts";
import type { AcknowledgedOffsets } from "./acknowledged.ts";
import { type BulkTraffic, bulkTap } from "./bulk-tap.ts";
import { commitTap } from "./commit-tap.ts";

/** The connections of one host to its servers, through its own proxies. */
export interface Lane extends AsyncDisposable {
  /** For a host's config. */
  readonly broker: string;
  readonly kafka: TcpProxy;
  readonly elasticsearch: TcpProxy;
  readonly traffic: BulkTraffic;
}

/** Lanes that are reserved for one scene. */
export interface Reservation extends Disposable {
  /**
   * Opens one. It records the traffic: outcomes when their answer is forwarded to the host, commits when they
   * are forwarded to Kafka. Throws if more are opened than were reserved.
   */
  open(acknowledged: AcknowledgedOffsets): Promise<Lane>;
}

/** A separate stack, with servers that may be killed and frozen, and direct clients without a proxy. */
export interface FaultWorld extends AsyncDisposable {
  readonly stack: Stack;
  readonly kafka: TestKafka;
  readonly elasticsearch: TestElasticsearch;
  /** Waits until this many lanes are free, in the order of calls. */
  reserve(lanes: number): Promise<Reservation>;
  /** Wakes and restarts every server that a fault left frozen or dead. */
  heal(): Promise<void>;
}

/**
 * Boots the servers. Brokers tell clients where to connect, so a proxy for Kafka needs a listener that advertises
 * the proxy's address, one for each lane.
 */
export async function startFaultWorld(lanes: number, signal?: AbortSignal): Promise<FaultWorld> {
  const [broker = 0, controller = 0, ...ports] = await freePorts(2 + lanes);
  const address = (port: number): string => `127.0.0.1:${port}`;
  // They listen from now on: a port that is only found free may be taken by the time a scene needs it.
  const listeners = await Promise.all(ports.map((port, n) => openListener(`LANE${n}`, port)));
  const closeListeners = async (): Promise<void> => {
    await Promise.all(listeners.map(({ proxy }) => proxy[Symbol.asyncDispose]()));
  };
  const stack = await startStack({
    ports: { kafka: broker },
    kafkaProperties: {
      "controller.quorum.voters": `1@${address(controller)}`,
      listeners: [
        `PLAINTEXT://${address(broker)}`,
        `CONTROLLER://${address(controller)}`,
        ...listeners.map(({ name, port }) => `${name}://${address(port)}`),
      ].join(),
      "advertised.listeners": [
        `PLAINTEXT://${address(broker)}`,
        ...listeners.map(({ name, proxy }) => `${name}://${new URL(proxy.url).host}`),
      ].join(),
      "listener.security.protocol.map": ["PLAINTEXT", "CONTROLLER", ...listeners.map(({ name }) => name)]
        .map((name) => `${name}:PLAINTEXT`)
        .join(),
      "num.network.threads": "1",
    },
    ...(signal && { signal }),
  }).catch(async (error: unknown) => {
    await closeListeners();
    throw error;
  });
  try {
    await coverAll(stack.elasticsearch.node);
    const kafka = await connectTestKafka(stack.kafka.brokers);
    const free = [...listeners];
    const waiting: { readonly lanes: number; readonly go: () => void }[] = [];
    /** Serves in order, so that requests for many lanes do not starve. */
    const admit = (): void => {
      while (waiting[0] !== undefined && waiting[0].lanes <= free.length) waiting.shift()?.go();
    };

    const open = async (listener: Listener, acknowledged: AcknowledgedOffsets): Promise<Lane> => {
      const traffic: BulkTraffic = { inFlight: 0 };
      const toElasticsearch = await startTcpProxy(stack.elasticsearch.node, {
        tap: () => bulkTap(acknowledged, traffic),
      });
      listener.acknowledged = acknowledged;
      return {
        broker: new URL(listener.proxy.url).host,
        kafka: listener.proxy,
        elasticsearch: toElasticsearch,
        traffic,
        async [Symbol.asyncDispose]() {
          await listener.proxy.reset();
          listener.acknowledged = null;
          await toElasticsearch[Symbol.asyncDispose]();
        },
      };
    };

    return {
      stack,
      kafka,
      elasticsearch: testElasticsearch(stack.elasticsearch.node),
      async reserve(count) {
        if (count > listeners.length) throw new Error(`there are only ${listeners.length} lanes`);
        const mine = await new Promise<Listener[]>((resolve) => {
          waiting.push({ lanes: count, go: () => resolve(free.splice(0, count)) });
          admit();
        });
        const unopened = [...mine];
        return {
          async open(acknowledged) {
            const listener = unopened.pop();
            if (listener === undefined) throw new Error(`only ${count} lanes were reserved`);
            return open(listener, acknowledged);
          },
          [Symbol.dispose]() {
            free.push(...mine);
            admit();
          },
        };
      },
      async heal() {
        for (const server of [stack.kafka, stack.elasticsearch, stack.etcd]) {
          if (server.pid !== undefined) server.thaw();
          await server.start();
        }
      },
      async [Symbol.asyncDispose]() {
        await kafka[Symbol.asyncDispose]();
        await stack.stop();
        await closeListeners();
      },
    };
  } catch (error) {
    await stack.stop();
    await closeListeners();
    throw error;
  }
}

/** A listener of the broker, with the proxy that it advertises. */
interface Listener {
  readonly name: string;
  readonly port: number;
  readonly proxy: TcpProxy;
  /** Of the scene that uses the lane. */
  acknowledged: AcknowledgedOffsets | null;
}

async function openListener(name: string, port: number): Promise<Listener> {
  const proxy = await startTcpProxy(`http://127.0.0.1:${port}`, {
    tap: () =>
      commitTap(({ topic, partition, offset }) => listener.acknowledged?.committed(topic, partition, offset)),
  });
  const listener: Listener = { name, port, proxy, acknowledged: null };
  return listener;
}

/**
 * Writes the hosts' index template for all names of scenes. Scenes start at the same moment, and if several hosts add
 * their patterns to the template at once, the last one wins; all of them keep existing patterns.
 */
async function coverAll(node: string): Promise<void> {
  const template = coveringTemplate(null, ["fault-*"]);
  await testElasticsearch(node).demand("PUT", `/_index_template/${indexTemplateName}`, template);
}
