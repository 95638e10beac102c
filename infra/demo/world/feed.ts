import type { Broker } from "./broker.ts";
import { followLines } from "./follow.ts";

/** Where a topic's first record lies; with its timestamp that makes its document's id. */
export interface FirstRecord {
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
}

/** Follows log files into topics. Whoever creates it closes it; what was read by then has been acknowledged. */
export interface Feed extends AsyncDisposable {
  /** Sends each line of the file as a record, those it has and those to come. */
  follow(file: string, topic: string): void;
  /** Undefined until the topic has one. */
  first(topic: string): FirstRecord | undefined;
}

/** @param onError gets what ends the following of a file other than closing */
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
