import { Etcd3 } from "etcd3";
import { testElasticsearch, type TestElasticsearch } from "./elasticsearch.ts";
import { connectTestKafka, type TestKafka, uniqueName } from "./kafka.ts";
import { testStack } from "./stack.ts";

/** The shared stack, opened for one test file: clients to act on it, and settings that lead a host to it. */
export interface TestServers extends AsyncDisposable {
  readonly kafka: TestKafka;
  readonly elasticsearch: TestElasticsearch;
  readonly etcd: Etcd3;
  readonly etcdEndpoints: readonly string[];
  /** For a host's config file; the dead-letter topic is this test file's own. */
  readonly settings: {
    readonly kafka: { readonly brokers: readonly string[]; readonly group: string };
    readonly elasticsearch: { readonly nodes: readonly string[] };
    readonly deadLetters: { readonly topic: string };
  };
}

export async function openTestServers(): Promise<TestServers> {
  const stack = await testStack();
  const kafka = await connectTestKafka(stack.brokers);
  const etcd = new Etcd3({ hosts: stack.etcdEndpoints });
  return {
    kafka,
    etcd,
    elasticsearch: testElasticsearch(stack.elasticsearchNode),
    etcdEndpoints: stack.etcdEndpoints,
    settings: {
      kafka: { brokers: stack.brokers, group: uniqueName("reload") },
      elasticsearch: { nodes: [stack.elasticsearchNode] },
      deadLetters: { topic: uniqueName("dead") },
    },
    async [Symbol.asyncDispose]() {
      etcd.close();
      await kafka[Symbol.asyncDispose]();
    },
  };
}
