import { guaranteedBytes } from "../../lib/rules/byte-share.ts";
import { smallestFetchBytes } from "../../lib/rules/fetch-size.ts";

export interface ByteMinimums {
  /** What every topic may hold whatever the others hold. */
  readonly eachBytes: number;
  readonly togetherBytes: number;
  /** What may arrive where all of them, idle so far, get something to read in the same moment. */
  readonly fetchesBytes: number;
}

export function byteMinimums(topics: number, maxBytes: number): ByteMinimums {
  const eachBytes = guaranteedBytes(maxBytes, topics);
  return { eachBytes, togetherBytes: eachBytes * topics, fetchesBytes: smallestFetchBytes * topics };
}
