import type { Broker } from "./broker.ts";
import { followLines } from "./follow.ts";

/** The first record of a topic: enough to know its document's id. */
export interface FirstRecord {
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
}

/** Follows log files into topics. The caller closes it; lines read until then are acknowledged first. */
export interface Feed extends AsyncDisposable {
  /** Sends each line of the file, existing and new ones, as a record. */
  follow(file: string, topic: string): void;
  /** Undefined before the first record. */
  first(topic: string): FirstRecord | undefined;
}

/** @param onError called with an error that ends the following of a file */
export function createFeed(broker: Pick<Broker, "send">, onError: (error: unknown) => void): Feed {
  const closed = new AbortController();
  const firsts = new Map<string, FirstRecord>();
  const following: Promise<void>[] = [];

  async function send(file: string, topic: string): Promise<void> {
    for await (const lines of followLines(file, { signal: closed.signal })) {
      const timestamp = Date.now();
      const place = await broker.send(topic, lines, timestamp);
      if (!firsts.has(topic)) firsts.set(topic, { ...place, timestamp });
    }
  }

  return {
    follow(file, topic) {
      following.push(send(file, topic).catch(onError));
    },
    first: (topic) => firsts.get(topic),
    async [Symbol.asyncDispose]() {
      closed.abort();
      await Promise.all(following);
    },
  };
}
