import { testElasticsearch, type TestElasticsearch } from "./elasticsearch.ts";
import { connectTestKafka, type TestKafka, uniqueName } from "./kafka.ts";
import { testStack } from "./stack.ts";

/** Real servers for tests of the console, and the part of a host's config with their addresses. */
export interface ConsoleWorld extends AsyncDisposable {
  readonly kafka: TestKafka;
  readonly elasticsearch: TestElasticsearch;
  /** For a host of its own: no other test uses its group prefix, dead-letter topic and etcd key. */
  readonly servers: {
    readonly kafka: { readonly brokers: string[]; readonly group: string };
    readonly elasticsearch: { readonly nodes: string[] };
    readonly etcd: { readonly endpoints: string[]; readonly keys: string[] };
    readonly deadLetters: { readonly topic: string };
  };
}

export async function openConsoleWorld(): Promise<ConsoleWorld> {
  const stack = await testStack();
  const kafka = await connectTestKafka(stack.brokers);
  return {
    kafka,
    elasticsearch: testElasticsearch(stack.elasticsearchNode),
    servers: {
      kafka: { brokers: stack.brokers, group: uniqueName("console") },
      elasticsearch: { nodes: [stack.elasticsearchNode] },
      etcd: { endpoints: stack.etcdEndpoints, keys: [`${uniqueName("console")}/`] },
      deadLetters: { topic: uniqueName("dead") },
    },
    [Symbol.asyncDispose]: () => kafka[Symbol.asyncDispose](),
  };
}
