import { createdIn } from "../kit/bulk-answer.ts";

/** The documents that arrived in Elasticsearch, by partition, and when. */
export interface Arrivals {
  /** Documents created. */
  readonly created: number;
  /** Documents sent although they were in the index already. */
  readonly duplicates: number;
  /** Records one bulk. @param at when it was answered, in milliseconds of any clock */
  take(body: Uint8Array, answer: Uint8Array, at: number): void;
  /**
   * Returns the longest time without a new document in a span of time, for each partition that ever had one. The beginning and
   * the end of the span count like documents.
   */
  standstills(fromMs: number, toMs: number): Map<string, number>;
}

const ID = /"_id":"(.+):(\d+):\d+:[0-9a-z-]+"/;

export function createArrivals(): Arrivals {
  const times = new Map<string, number[]>();
  let created = 0;
  let duplicates = 0;
  return {
    get created() {
      return created;
    },
    get duplicates() {
      return duplicates;
    },
    take(body, answer, at) {
      for (const { status, action } of createdIn(body, answer)) {
        if (status === 409) duplicates += 1;
        if (status >= 300) continue;
        created += 1;
        const [, topic, partition] = ID.exec(action) ?? [];
        const name = `${topic}/${partition}`;
        const known = times.get(name);
        if (known === undefined) times.set(name, [at]);
        else if (known.at(-1) !== at) known.push(at);
      }
    },
    standstills: (fromMs, toMs) =>
      new Map([...times].map(([name, all]) => [name, longestGap(all, fromMs, toMs)])),
  };
}

function longestGap(times: readonly number[], fromMs: number, toMs: number): number {
  const inside = times.filter((at) => at > fromMs && at < toMs);
  let longest = 0;
  let before = fromMs;
  for (const at of [...inside, toMs]) {
    longest = Math.max(longest, at - before);
    before = at;
  }
  return longest;
}
