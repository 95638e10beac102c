import type { TestKafka } from "./kafka.ts";

const BATCH = 20;
const PAUSE_MS = 20;

/** Writes to a topic until stopped, so that there is always traffic. */
export interface SteadyProducer {
  readonly sent: number;
  /** @returns the number of acknowledged records */
  stop(): Promise<number>;
}

export function produceSteadily(kafka: TestKafka, topic: string): SteadyProducer {
  let sent = 0;
  let stopping = false;
  const running = (async () => {
    while (!stopping) {
      const messages = Array.from({ length: BATCH }, (_, n) => ({ value: `line ${sent + n}` }));
      await kafka.produce(topic, messages);
      sent += BATCH;
      await Bun.sleep(PAUSE_MS);
    }
  })();
  return {
    get sent() {
      return sent;
    },
    async stop() {
      stopping = true;
      await running;
      return sent;
    },
  };
}
