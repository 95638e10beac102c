import { generationsOf } from "../../../rules/audit/generations.ts";
import type { AuditDocument } from "../../../rules/audit/partition-audit.ts";
import { PenstockError } from "../../../rules/base/errors.ts";
import { everyAlias } from "../../../rules/template/stream-template.ts";
import { indexPatternOf, leadsTo } from "../../../rules/model/names.ts";
import { maxTargetLength, targetText } from "../../../rules/search/query/target.ts";
import type { Elasticsearch, Question } from "../client.ts";
import { ofTopic } from "../sent/highest.ts";
import { untilQuiet } from "../sent/quiet.ts";
import { askTargets } from "../sent/targets.ts";
import { askAgain, askUntilWhole, assertComplete, lacksShards } from "../ask-again.ts";
import { createDocumentCursor } from "./document-cursor.ts";
import { LENIENT, openPointInTime, SEARCH_TIMEOUT_MS, totalOf } from "./point-in-time.ts";
import { indexSettingsNames, parseIndexSettings } from "../index-settings.ts";
import type { RecordDocuments } from "./snapshot.ts";
import { removeExtraCopies } from "../extra-copies.ts";
import { parseFirstOffset, parseIndexBuckets, parseIndexNames, parsePage } from "./answers.ts";

export interface RecordDocumentsOptions {
  readonly topic: string;
  /** As declared, with `{topic}` replaced; may contain a date placeholder. */
  readonly index: string;
  /** The number of cursors that will be open: the more there are, the smaller their pages. */
  readonly cursors: number;
  /** Only what is in this index, which is no alias or pattern. */
  readonly alone?: boolean;
}

const REFRESH_ALL_MS = 10_000;
/** Half of `index.max_result_window`: larger pages are no faster and take more memory. */
const PAGE_DOCUMENTS = 5_000;
const MIN_PAGE_DOCUMENTS = 500;
/** Approximately, for all cursors together. */
const HELD_DOCUMENTS = 100_000;
const SEARCHES_AT_ONCE = 2;

/**
 * Refreshes the topic's indices and takes a snapshot of them. Searches by `kafka.topic` in the declared index (all
 * indices of a date pattern) and in all of Penstock's indices, as far as their shards are there.
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
 */
export async function openRecordDocuments(
  elasticsearch: Pick<Elasticsearch, "ask" | "askForText" | "existingIds">,
  options: RecordDocumentsOptions,
  signal: AbortSignal,
): Promise<RecordDocuments> {
  const { topic, index } = options;
  const pattern = indexPatternOf(index);
  const lanes = Array.from({ length: SEARCHES_AT_ONCE }, () => Promise.resolve());
  const ask = (question: Omit<Question, "timeoutMs">): Promise<unknown> =>
    askAgain(() => elasticsearch.ask({ ...question, timeoutMs: SEARCH_TIMEOUT_MS }, signal), signal);

  // The aliases too, because the topic may have had another index or data stream before.
  const aliases = options.alone === true ? [] : everyAlias;
  const own = encodeURIComponent(pattern);
  const everything = [own, ...aliases].join(",");
  // Another topic's lost shard, for which a refresh waits, must not end this audit unless a document that may be there is missed.
  const askOthers = () => indicesWithDocuments(aliases.join(","), "true");
  const others = aliases.length === 0 ? null : await askUntilWhole(askOthers, signal);
  const isPartial = others?.isPartial === true;
  await refresh(isPartial ? own : everything);
  const owned = await indicesWithDocuments(isPartial ? own : everything, "false");
  const holders = [...new Set([...owned.names, ...(isPartial ? others.names : [])])];
  const named = holders.map(encodeURIComponent).join(",");
  const held = named.length <= maxTargetLength ? named : everything;
  const pit = holders.length === 0 ? null : await openPointInTime(elasticsearch, held, signal);
  const names = parseIndexNames(await resolveNames());
  const settings = parseIndexSettings(await indexSettings());
  const piped = new Set(settings.filter((one) => one.piped).map(({ name }) => name));
  const generations = names.others.has(index) ? generationsOf(index, settings) : null;
  // An unrelated index without a shard must not end the audit.
  const anyHolders = generations === null ? [] : (await indicesWithDocuments("*", "true")).names;
  const strayed = anyHolders.filter((name) => !holders.includes(name));
  let ownIndices: ReturnType<typeof findOwnIndices> | null = null;
  let allRefreshed = false;
  let foreign = 0;

  async function refresh(target: string): Promise<void> {
    const answer = await ask({ method: "POST", path: `/${target}/_refresh`, querystring: LENIENT });
    assertComplete(answer, "refresh");
  }

  /**
   * Does not wait for an unrelated index without a shard, which would take Elasticsearch a minute. A record that is not seen
   * yet counts as dropped or missing, and a repair finds it by its answer.
   */
  async function refreshAll(): Promise<void> {
    const question = { method: "POST", path: "/*/_refresh", querystring: LENIENT } as const;
    try {
      await elasticsearch.ask({ ...question, timeoutMs: REFRESH_ALL_MS }, signal);
    } catch (error) {
      if (!(error instanceof PenstockError) || error.code !== "elasticsearch_unavailable") throw error;
    }
  }

  /** @throws PenstockError while a shard is missing that may hold documents of the topic */
  async function assertWhole(): Promise<void> {
    if (isPartial) await indicesWithDocuments(everything, "false");
  }

  /** The snapshot is limited to these, so that the deletion of an unrelated index does not end the search. */
  async function indicesWithDocuments(target: string, acceptPartial: "true" | "false") {
    const body = {
      size: 0,
      track_total_hits: false,
      query: ofTopic(topic),
      aggs: { indices: { terms: { field: "_index", size: 10_000 } } },
    };
    const querystring = { ...LENIENT, allow_partial_search_results: acceptPartial };
    const answer = await ask({ method: "POST", path: `/${target}/_search`, querystring, body });
    return { names: parseIndexBuckets(answer).map(({ key }) => String(key)), isPartial: lacksShards(answer) };
  }

  async function resolveNames(): Promise<unknown> {
    // Unlike a missing name, a wildcard without matches is no error.
    const target = encodeURIComponent(pattern === index ? `${index}*` : pattern);
    const querystring = { expand_wildcards: "all" };
    return ask({ method: "GET", path: `/_resolve/index/${target}`, querystring });
  }

  async function indexSettings(): Promise<unknown> {
    const path = `/${encodeURIComponent(pattern)}/_settings/${indexSettingsNames}`;
    return ask({ method: "GET", path, querystring: { ...LENIENT, expand_wildcards: "all" } });
  }

  /** A pattern may match other indices than days. */
  async function findOwnIndices(): Promise<(name: string) => boolean> {
    if (pattern === index) return () => true;
    const found = await askAgain(() => askTargets(elasticsearch, [index], signal), signal);
    const target = found.get(index);
    const behind = new Set(target?.kind === "moving" ? target.indices : []);
    return (name) => leadsTo(index, name) || behind.has(name);
  }

  function queryFor(partition: number, offsets: object): object {
    const filter = [
      ofTopic(topic),
      { term: { "kafka.partition": partition } },
      { range: { "kafka.offset": offsets } },
    ];
    return { bool: { filter } };
  }

  async function page(
    partition: number,
    offsets: { readonly gte: number; readonly lt: number },
    size: number,
    after: readonly number[] | null,
  ): Promise<{ documents: AuditDocument[]; after: readonly number[] | null }> {
    if (pit === null) return { documents: [], after: null };
    const answer = await pit.search(
      {
        size,
        track_total_hits: false,
        _source: false,
        query: queryFor(partition, offsets),
        sort: [{ "kafka.offset": { order: "asc", unmapped_type: "long" } }, "_shard_doc"],
        ...(after !== null && { search_after: after }),
      },
      "hits.hits._id,hits.hits._index,hits.hits.sort",
    );
    const parsed = parsePage(topic, partition, answer);
    foreign += parsed.foreign;
    return { documents: parsed.documents, after: parsed.hits < size ? null : parsed.after };
  }

  return {
    names,
    generations,
    get foreign() {
      return foreign;
    },
    // An alias or data stream may point to any of them.
    hasPipeline: (name) => piped.has(name) || (piped.size > 0 && names.others.has(name)),
    async firstOffset(partition) {
      if (pit === null || generations === null) return null;
      const query = { bool: { filter: [ofTopic(topic), { term: { "kafka.partition": partition } }] } };
      // Numbers rise within a shard in the order of writing. Later come records that a repair or a replay brought in.
      const first = { top_hits: { size: 1, sort: ["_seq_no"], _source: false } };
      const indices = { terms: { field: "_index", size: 10_000 }, aggs: { first } };
      const answer = await pit.search({ size: 0, query, aggs: { indices } }, "aggregations.indices.buckets");
      const buckets = parseIndexBuckets(answer);
      const byAge = settings.toSorted((a, b) => a.createdMs - b.createdMs);
      const oldest = byAge.find(({ name }) => buckets.some(({ key }) => key === name));
      const bucket = buckets.find(({ key }) => key === oldest?.name);
      return bucket === undefined ? null : parseFirstOffset(topic, bucket);
    },
    hasStrayed: strayed.length > 0,
    isPartial,
    async byNow(ids) {
      const places = [pattern, ...aliases, ...strayed];
      // First, because a refresh would wait for the shard.
      await assertWhole();
      await refresh(targetText(places));
      return askAgain(() => elasticsearch.existingIds(places.join(","), ids, signal), signal);
    },
    async anywhere(ids, { refresh: isWanted } = { refresh: true }) {
      const all = options.alone === true ? index : "*";
      if (isWanted && !allRefreshed) {
        await refreshAll();
        allRefreshed = true;
      }
      const search = () => elasticsearch.existingIds(all, ids, signal, { acceptPartial: true });
      const found = await askAgain(search, signal);
      // A repair would bring in once more what the lost shard has.
      if (isWanted && ids.some((id) => !found.has(id))) await assertWhole();
      return found;
    },
    cursor(partition, start, end) {
      // Two pages per cursor: the current and the prefetched one.
      const share = Math.floor(HELD_DOCUMENTS / (2 * Math.max(1, options.cursors)));
      const size = Math.min(PAGE_DOCUMENTS, Math.max(MIN_PAGE_DOCUMENTS, share));
      return createDocumentCursor((after) => {
        const lane = partition % SEARCHES_AT_ONCE;
        const fetched = (lanes[lane] ?? Promise.resolve()).then(() =>
          page(partition, { gte: start, lt: end }, size, after),
        );
        lanes[lane] = fetched.then(
          () => {},
          () => {},
        );
        return fetched;
      });
    },
    async lowestOffset(partition, start, end) {
      await assertWhole();
      const { documents } = await page(partition, { gte: start, lt: end }, 1, null);
      return documents[0]?.offset ?? null;
    },
    async countBelow(partition, offset) {
      if (pit === null || offset <= 0) return 0;
      const body = { size: 0, track_total_hits: true, query: queryFor(partition, { lt: offset }) };
      return totalOf(await pit.search(body, "hits.total.value"));
    },
    async removeExtraCopies(ids, homes) {
      const names = [index, ...settings.map(({ name }) => name)];
      await untilQuiet(elasticsearch, names, signal);
      const target = encodeURIComponent(pattern);
      const isMeant = await (ownIndices ??= findOwnIndices());
      const which = { isMeant, ...(homes && { homes }) };
      // A shard of an index that was just created may not be searchable yet.
      return askAgain(() => removeExtraCopies(elasticsearch, target, ids, signal, which), signal);
    },
    close: async () => pit?.close(),
  };
}
