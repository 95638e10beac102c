import { corpusRecords } from "./material.ts";
import { seededRandom } from "../kit/random.ts";

/** Longer ones are a batch of their own, and would be few. */
const MAX_BYTES = 50_000;
/** Ends of numbers that are long enough not to be a status, a port or a year. */
const LAST_DIGITS = /(?<=\d{4})\d{3}(?!\d)/g;

/**
 * An endless source of the corpus' JSON records, as a topic has them that all its programs share: in an order made up from
 * the seed, again and again, each time with other long numbers.
 */
export async function corpusLines(seed: number): Promise<() => Buffer> {
  const { next, below } = seededRandom(seed);
  const all = (await corpusRecords()).filter(
    ({ source, value }) => source.format === "json" && value.length <= MAX_BYTES,
  );
  // One character a byte: what is not UTF-8 stays what it is.
  const texts = all.map(({ value }) => value.toString("latin1"));
  let order: string[] = [];
  return () => {
    if (order.length === 0)
      order = texts
        .map((text) => [next(), text] as const)
        .toSorted(([a], [b]) => a - b)
        .map(([, text]) => text);
    const text = order.pop() ?? "";
    const changed = text.replaceAll(LAST_DIGITS, () => String(below(1_000)).padStart(3, "0"));
    return Buffer.from(changed, "latin1");
  };
}
