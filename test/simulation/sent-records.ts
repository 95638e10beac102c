import type { SentRecords, Target } from "../../lib/adapters/elasticsearch/sent/sent-records.ts";
import { errorOf } from "../../lib/adapters/elasticsearch/transport/version.ts";
import { parseDocumentId } from "../../lib/rules/documents/document-id.ts";
import { admitNames } from "../../lib/rules/model/index-fields.ts";
import type { SimulatedElasticsearch } from "./elasticsearch.ts";

/**
 * What the simulated Elasticsearch answers about earlier requests: with the troubles of all its requests, and searches
 * that see only what was written before the last refresh.
 */
export function createSimulatedSentRecords(elasticsearch: SimulatedElasticsearch): SentRecords {
  const { documents } = elasticsearch;
  const lists = new Map<string, readonly string[]>();

  const ask = async <T>(act: () => T, signal: AbortSignal): Promise<T> => {
    const answer = await elasticsearch.ask(act, signal);
    if ("failure" in answer) throw errorOf(answer.failure);
    return answer.value;
  };

  const targetOf = (name: string): Target => {
    const indices = documents.indicesOf(name);
    const writesTo = indices.at(-1);
    if (writesTo === undefined) return { kind: "absent" };
    const kind = documents.kindOf(name);
    if (kind === "index") return { kind: "fixed" };
    return { kind: "moving", indices, writesTo: kind === "stream" ? name : writesTo };
  };

  const searchableIn = (places: readonly string[]): ReadonlySet<string> =>
    places.reduce<ReadonlySet<string>>((all, place) => all.union(documents.searchable(place)), new Set());

  return {
    targets: (indices, signal) =>
      ask(() => new Map(indices.map((index) => [index, targetOf(index)])), signal),
    takeNames: ({ topic, template, day, names, ...bound }, signal) =>
      ask(() => {
        const list = `${topic} ${template} ${day}`;
        const taken = admitNames(lists.get(list) ?? [], names, bound);
        lists.set(list, taken.names);
        return taken;
      }, signal),
    underWay: (groups, signal) =>
      ask(() => groups.map((names) => elasticsearch.bulksUnderWay(names)), signal),
    refresh: (places, signal) =>
      ask(() => {
        for (const place of places) documents.refresh(place);
      }, signal),
    highest: (topics, signal) =>
      ask(
        () =>
          topics.map(({ topic, places, spans }) => {
            const highest = new Map<number, number>();
            for (const id of searchableIn(places)) {
              const found = parseDocumentId(topic, id);
              if (found === null) continue;
              const { partition, offset } = found;
              const isAsked = spans.some(
                (span) => span.partition === partition && offset >= span.start && offset < span.end,
              );
              if (isAsked) highest.set(partition, Math.max(offset, highest.get(partition) ?? offset));
            }
            return highest;
          }),
        signal,
      ),
    existing: (places, ids, signal) => ask(() => new Set(ids).intersection(searchableIn(places)), signal),
  };
}
