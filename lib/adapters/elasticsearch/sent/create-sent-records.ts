import type { Elasticsearch } from "../client.ts";
import { chunksOf } from "../names/asking.ts";
import { askTakenNames } from "../names/taken-names.ts";
import { askHighest } from "./highest.ts";
import { askRefresh } from "./refresh.ts";
import { askTargets } from "./targets.ts";
import { askUnderWay } from "./under-way.ts";
import type { SentRecords } from "./sent-records.ts";

export function createSentRecords(
  elasticsearch: Pick<Elasticsearch, "ask" | "askForText" | "existingIds">,
): SentRecords {
  return {
    targets: (indices, signal) => askTargets(elasticsearch, indices, signal),
    takeNames: (wanted, signal) => askTakenNames(elasticsearch, wanted, signal),
    underWay: (groups, signal) => askUnderWay(elasticsearch, groups, signal),
    refresh: (places, signal) => askRefresh(elasticsearch, places, signal),
    highest: (topics, signal) => askHighest(elasticsearch, topics, signal),
    async existing(places, ids, signal) {
      const found = new Set<string>();
      for (const some of chunksOf(places))
        for (const id of await elasticsearch.existingIds(some.join(","), ids, signal)) found.add(id);
      return found;
    },
  };
}
