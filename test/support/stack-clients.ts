import { Etcd3 } from "etcd3";
import type { Addresses } from "../../infra/stack/state.ts";
import { testElasticsearch, type TestElasticsearch } from "./elasticsearch.ts";
import { connectTestKafka, type TestKafka, uniqueName } from "./kafka.ts";
import { testStack } from "./stack.ts";

/** Clients of a stack, and the config for a host on it. */
export interface StackClients extends AsyncDisposable {
  readonly addresses: Addresses;
  readonly kafka: TestKafka;
  readonly elasticsearch: TestElasticsearch;
  readonly etcd: Etcd3;
  /** The servers in a host's config, with a group and a dead-letter topic that no other test file uses. */
  readonly config: {
    readonly kafka: { readonly brokers: string[]; readonly group: string };
    readonly elasticsearch: { readonly nodes: string[] };
    readonly deadLetters: { readonly topic: string };
    /** Off: its tests alone wait for it. */
    readonly history: { readonly enabled: boolean };
  };
}

/** @param addresses the shared stack's by default */
export async function connectStack(addresses?: Addresses): Promise<StackClients> {
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
      elasticsearch: { nodes: [elasticsearchNode] },
      deadLetters: { topic: uniqueName("dead") },
      history: { enabled: false },
    },
    async [Symbol.asyncDispose]() {
      etcd?.close();
      await kafka[Symbol.asyncDispose]();
    },
  };
}
