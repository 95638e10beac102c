import type { Kafka } from "kafkajs";
import { pause } from "../../stack/process/wait-for.ts";

export interface ActivityOptions {
  readonly kafka: Kafka;
  readonly elasticsearchNode: string;
  readonly etcdEndpoint: string;
  /** Gets what ends it other than closing. */
  readonly onError: (error: unknown) => void;
}

const everyMs = 1_000;
/** Created and deleted over and over, in Kafka as a topic and in Elasticsearch as an index. */
const name = "demo-activity";

/**
 * Idle servers write no logs: this gives them small work that they log themselves. Ends when disposed, after the piece of
 * work that is under way.
 */
export function startActivity({ kafka, onError, ...addresses }: ActivityOptions): AsyncDisposable {
  const closed = new AbortController();

  // An administrator of its own: kafkajs' refreshes fail while one of the topics it was asked about is being deleted.
  const admin = kafka.admin();

  async function work(): Promise<void> {
    await admin.connect();
    while (!closed.signal.aborted) {
      await admin.createTopics({ topics: [{ topic: name, numPartitions: 1 }], waitForLeaders: false });
      await send("PUT", `${addresses.elasticsearchNode}/${name}`);
      await send("POST", `${addresses.etcdEndpoint}/v3/maintenance/defragment`);
      await send("DELETE", `${addresses.elasticsearchNode}/${name}`);
      await admin.deleteTopics({ topics: [name] });
      await pause(everyMs, closed.signal);
    }
  }

  const working = work().catch((error: unknown) => {
    if (!closed.signal.aborted) onError(error);
  });
  return {
    async [Symbol.asyncDispose]() {
      closed.abort();
      await working;
      await admin.disconnect();
    },
  };
}

async function send(method: string, url: string): Promise<void> {
  const body = method === "POST" ? { body: "{}" } : {};
  const answer = await fetch(url, { method, signal: AbortSignal.timeout(10_000), ...body });
  if (!answer.ok) throw new Error(`${method} ${url} was answered ${answer.status}: ${await answer.text()}`);
}
