import { afterAll, beforeAll } from "bun:test";
import { Etcd3 } from "etcd3";
import type { Addresses } from "../../infra/stack/state.ts";
import { testElasticsearch, type TestElasticsearch } from "./elasticsearch.ts";
import { connectTestKafka, type TestKafka, uniqueName } from "./kafka.ts";
import { testStack } from "./stack.ts";

/** Clients of a stack, and the config for a host on it. */
export interface StackClients {
  readonly addresses: Addresses;
  readonly kafka: TestKafka;
  readonly elasticsearch: TestElasticsearch;
  readonly etcd: Etcd3;
  /** The servers in a host's config, with a group and a dead-letter topic that no other test file uses. */
  readonly config: {
    readonly kafka: { readonly brokers: string[]; readonly group: string };
    readonly elasticsearch: {
      readonly nodes: string[];
      /** Longer than any answer takes on a slow machine: a bulk that is sent again counts its records as duplicates. */
      readonly bulk: { readonly requestTimeout: string };
    };
    readonly deadLetters: { readonly topic: string };
    /** Off: its tests alone wait for it. */
    readonly history: { readonly enabled: boolean };
  };
}

/**
 * Clients for all tests of a file or of a `describe`, connected before the first one.
 * @param addresses the shared stack's by default
 */
export function useStack(addresses?: () => Addresses): StackClients {
  let connected: Awaited<ReturnType<typeof connectStack>> | null = null;
  const clients = (): StackClients => {
    if (connected === null) throw new Error("the stack is connected before the first test, and not earlier");
    return connected;
  };
  beforeAll(async () => {
    connected = await connectStack(addresses?.());
  });
  afterAll(() => connected?.[Symbol.asyncDispose]());
  return {
    get addresses() {
      return clients().addresses;
    },
    get kafka() {
      return clients().kafka;
    },
    get elasticsearch() {
      return clients().elasticsearch;
    },
    get etcd() {
      return clients().etcd;
    },
    get config() {
      return clients().config;
    },
  };
}

/** @param addresses the shared stack's by default */
export async function connectStack(addresses?: Addresses): Promise<StackClients & AsyncDisposable> {
  const { brokers, elasticsearchNode, ...rest } = addresses ?? (await testStack());
  const kafka = await connectTestKafka(brokers);
  let etcd: Etcd3 | null = null;
  return {
    addresses: { brokers, elasticsearchNode, ...rest },
    kafka,
    elasticsearch: testElasticsearch(elasticsearchNode),
    get etcd() {
      return (etcd ??= new Etcd3({ hosts: rest.etcdEndpoints }));
    },
    config: {
      kafka: { brokers, group: uniqueName("hosts") },
      elasticsearch: { nodes: [elasticsearchNode], bulk: { requestTimeout: "2m" } },
      deadLetters: { topic: uniqueName("dead") },
      history: { enabled: false },
    },
    async [Symbol.asyncDispose]() {
      etcd?.close();
      await kafka[Symbol.asyncDispose]();
    },
  };
}
