import type { Kafka } from "kafkajs";
import { pause } from "../../stack/process/wait-for.ts";

export interface ActivityOptions {
  readonly kafka: Kafka;
  readonly elasticsearchNode: string;
  readonly etcdEndpoint: string;
  /** Called with an error that ends the activity. */
  readonly onError: (error: unknown) => void;
}

const everyMs = 1_000;
/** A topic and an index that are created and deleted over and over. */
const name = "demo-activity";

/**
 * Gives the servers small work that they log, because idle servers write no logs. Disposal waits for the current piece of work.
 */
export function startActivity({ kafka, onError, ...addresses }: ActivityOptions): AsyncDisposable {
  const closed = new AbortController();

  // A separate admin client: kafkajs' metadata refreshes fail while one of its topics is being deleted.
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
