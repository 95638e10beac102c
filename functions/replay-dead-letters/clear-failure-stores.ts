import { PenstockError } from "../../lib/rules/base/errors.ts";
import type {
  FailureStores,
  StoredDocument,
  StoredFilter,
  StreamStore,
} from "../../lib/rules/dead-letters/failure-stores.ts";
import { parseRecordId } from "../../lib/rules/documents/document-id.ts";
import type { Specification } from "../../lib/rules/model/declaration.ts";
import { indexPatternOf } from "../../lib/rules/model/names.ts";
import { uncleared, unreadable } from "../../lib/rules/dead-letters/store-problems.ts";

/** What a replay did with the failure stores of its topics' data streams. */
export interface ClearedStores {
  /** Documents that were deleted, since their records are in the index. */
  readonly cleared: number;
  /** What a dry run would have deleted: of the records that are in the index already. */
  readonly wouldClear: number;
  /** Records that are neither in the index nor dead letters. A host still tries them, or an audit brings them in. */
  readonly open: number;
  /** The first hundred open ones. */
  readonly openPlaces: readonly RecordPlace[];
  /** Documents of records that are not in the index, beyond those that can be told apart at once. */
  readonly unexamined: number;
  /** Why something was left, in sentences. */
  readonly problems: readonly string[];
}

/** The position of a record in its topic. */
export interface RecordPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface ClearFailureStoresInput {
  readonly filter: StoredFilter;
  readonly dryRun: boolean;
}

export interface ClearFailureStoresDeps {
  readonly failureStores: FailureStores;
  /** The declared topics. */
  specifications(): readonly Specification[];
  existingIds(index: string, ids: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string>>;
  readonly signal: AbortSignal;
}

/** Clears failure stores beside a replay. Never fails: what Elasticsearch refuses becomes a problem in the result. */
export interface FailureStoreClearing {
  /** A record with this id has a dead letter. */
  hasLetter(id: string): void;
  /** The replay brought these records of a topic in. */
  broughtIn(topic: string, ids: readonly string[]): Promise<void>;
  /** Looks once more for the records that were not there at the beginning. */
  end(): Promise<ClearedStores>;
}

/** About 10 MB of ids. */
const MAX_OPEN = 50_000;
const MAX_LISTED = 100;

/**
 * Begins with what lies in the failure stores of the topics' data streams: deletes the documents whose records are in
 * the index, because they went in after another attempt or in another form, and remembers the other records, to find
 * those without a dead letter. Documents of other programs are never touched.
 * @throws only the signal's reason
 */
export async function clearFailureStores(
  { filter, dryRun }: ClearFailureStoresInput,
  deps: ClearFailureStoresDeps,
): Promise<FailureStoreClearing> {
  const { failureStores, signal } = deps;
  const specs = deps.specifications().filter(({ topic }) => filter.topic === null || topic === filter.topic);
  const targetOf = new Map(specs.map(({ topic, index }) => [topic, indexPatternOf(index)]));
  const problems = new Set<string>();
  /** Records that were not in the index, with their streams; true if they have a letter. */
  const open = new Map<string, { readonly stream: StreamStore; hasLetter: boolean }>();
  /** Streams in which Elasticsearch refused to delete. */
  const refused = new Set<string>();
  let cleared = 0;
  let wouldClear = 0;
  let unexamined = 0;

  const stores = await tryTo("The failure stores could not be looked at", findStores, []);
  for (const store of stores) {
    await tryTo(
      `The failure store of ${store.stream} could not be read`,
      () => failureStores.each(store.stream, filter, (documents) => sweep(store, documents), signal),
      undefined,
    );
  }

  return {
    hasLetter(id) {
      const known = open.get(id);
      if (known !== undefined) known.hasLetter = true;
    },
    async broughtIn(topic, ids) {
      for (const id of ids) open.delete(id);
      if (dryRun || ids.length === 0) return;
      const target = targetOf.get(topic) ?? "";
      for (const store of stores.filter(({ targets }) => targets.includes(target))) {
        await tryTo(
          `The failure store of ${store.stream} could not be read`,
          async () => clear(store, await failureStores.find(store.stream, ids, signal)),
          undefined,
        );
      }
    },
    async end() {
      for (const store of stores) await lookAgain(store);
      const left = [...open].filter(([, { hasLetter }]) => !hasLetter);
      return {
        cleared,
        wouldClear,
        unexamined,
        open: left.length,
        openPlaces: left.slice(0, MAX_LISTED).flatMap(([id]) => placeOf(id)),
        problems: [...problems],
      };
    },
  };

  async function findStores(): Promise<readonly StreamStore[]> {
    const targets = [...new Set(targetOf.values())];
    if (targets.length === 0) return [];
    const survey = await failureStores.survey(targets, signal);
    for (const problem of survey.problems) problems.add(problem);
    const used = survey.streams.filter(({ indices, enabled }) => indices.length > 0 || enabled === true);
    for (const { stream, readable } of used) if (!readable) problems.add(unreadable(stream));
    return used.filter(({ readable }) => readable);
  }

  async function sweep(store: StreamStore, documents: readonly StoredDocument[]): Promise<void> {
    const there = await inIndex(store, [...new Set(documents.map(({ recordId }) => recordId))]);
    await clear(
      store,
      documents.filter(({ recordId }) => there.has(recordId)),
    );
    for (const { recordId } of documents) {
      if (there.has(recordId) || open.has(recordId)) continue;
      if (open.size < MAX_OPEN) open.set(recordId, { stream: store, hasLetter: false });
      else unexamined += 1;
    }
  }

  /** What was written meanwhile, by a host that tried again, say. */
  async function lookAgain(store: StreamStore): Promise<void> {
    const ids = [...open].flatMap(([id, { stream }]) => (stream === store ? [id] : []));
    if (ids.length === 0) return;
    await tryTo(
      `The failure store of ${store.stream} could not be read`,
      async () => {
        const there = await inIndex(store, ids);
        for (const id of there) open.delete(id);
        if (there.size > 0) await clear(store, await failureStores.find(store.stream, [...there], signal));
      },
      undefined,
    );
  }

  /** In the stream, or where the records' topics go today. */
  async function inIndex(store: StreamStore, ids: readonly string[]): Promise<ReadonlySet<string>> {
    const found = new Set(await deps.existingIds(store.stream, ids, signal));
    const elsewhere = new Map<string, string[]>();
    for (const id of ids) {
      const target = found.has(id) ? undefined : targetOf.get(parseRecordId(id)?.topic ?? "");
      if (target === undefined || store.targets.includes(target)) continue;
      elsewhere.getOrInsertComputed(target, () => []).push(id);
    }
    for (const [target, some] of elsewhere)
      for (const id of await deps.existingIds(target, some, signal)) found.add(id);
    return found;
  }

  async function clear(
    { stream, clearable }: StreamStore,
    documents: readonly StoredDocument[],
  ): Promise<void> {
    if (documents.length === 0) return;
    if (dryRun) {
      wouldClear += documents.length;
      return;
    }
    if (!clearable) problems.add(uncleared(stream, "the index privilege delete is missing on its indices"));
    if (!clearable || refused.has(stream)) return;
    const { removed, refusal } = await failureStores.remove(documents, signal);
    cleared += removed;
    if (refusal === null) return;
    refused.add(stream);
    problems.add(uncleared(stream, refusal));
  }

  async function tryTo<T>(failing: string, act: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await act();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof PenstockError)) throw error;
      problems.add(`${failing}: ${error.message}.`);
      return otherwise;
    }
  }
}

function placeOf(id: string): RecordPlace[] {
  const identity = parseRecordId(id);
  return identity === null
    ? []
    : [{ topic: identity.topic, partition: identity.partition, offset: identity.offset }];
}
