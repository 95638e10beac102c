import { corpusRecords } from "./material.ts";
import { seededRandom } from "../kit/random.ts";

/** Longer records would each fill a batch, and there are few. */
const MAX_BYTES = 50_000;
/** The end of a number that is too long to be a status, a port or a year. */
const LAST_DIGITS = /(?<=\d{4})\d{3}(?!\d)/g;

/**
 * An endless source of the corpus' JSON records, as in a topic that all its programs share: shuffled by the seed, over and over,
 * each time with other long numbers.
 */
export async function corpusLines(seed: number): Promise<() => Buffer> {
  const { below, shuffled } = seededRandom(seed);
  const all = (await corpusRecords()).filter(
    ({ source, value }) => source.format === "json" && value.length <= MAX_BYTES,
  );
  // One character a byte, so that bytes which are not UTF-8 survive.
  const texts = all.map(({ value }) => value.toString("latin1"));
  let order: string[] = [];
  return () => {
    if (order.length === 0) order = shuffled(texts);
    const text = order.pop() ?? "";
    const changed = text.replaceAll(LAST_DIGITS, () => String(below(1_000)).padStart(3, "0"));
    return Buffer.from(changed, "latin1");
  };
}
