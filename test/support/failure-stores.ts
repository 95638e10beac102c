import type { FailureStoreDigest } from "../../functions/digest-dead-letters/read-failure-stores.ts";
import type {
  FailureStores,
  StoredDocument,
  StreamStore,
} from "../../lib/rules/dead-letters/failure-stores.ts";
import { noFailures } from "../../lib/rules/dead-letters/failure-stores.ts";

/** The answer if no target is a data stream with a failure store. */
export const noFailureStores: FailureStoreDigest = { stores: [], problems: [] };

/** A cluster without data streams. */
export const withoutStores: FailureStores = fakeStores([], new Map());

/** A data stream that is its only target, with a failure store that this user may read and clear. */
export function streamStore(stream: string, changes: Partial<StreamStore> = {}): StreamStore {
  const indices = [`.fs-${stream}-000002`];
  return { stream, targets: [stream], enabled: true, indices, readable: true, clearable: true, ...changes };
}

/** Failure stores in memory. @param documents by stream; removed ones vanish */
export function fakeStores(
  streams: readonly StreamStore[],
  documents: ReadonlyMap<string, Set<StoredDocument>>,
): FailureStores {
  const all = (stream: string): StoredDocument[] => [...(documents.get(stream) ?? [])];
  return {
    survey: async () => ({ streams, problems: [] }),
    contents: async () => ({ ours: noFailures, others: noFailures }),
    each: async (stream, { topic }, onPage) => {
      const mine = all(stream).filter(({ recordId }) => topic === null || recordId.startsWith(`${topic}:`));
      if (mine.length > 0) await onPage(mine);
    },
    find: async (stream, ids) => all(stream).filter(({ recordId }) => ids.includes(recordId)),
    remove: async (gone) => {
      for (const set of documents.values()) for (const one of gone) set.delete(one);
      return { removed: gone.length, refusal: null };
    },
  };
}
