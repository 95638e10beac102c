import { PenstockError } from "../../lib/rules/base/errors.ts";
import { counted } from "../../lib/rules/base/units.ts";
import {
  type FailureStores,
  noFailures,
  type StoreContents,
  type StreamStore,
} from "../../lib/rules/dead-letters/failure-stores.ts";
import { unreadable } from "../../lib/rules/dead-letters/store-problems.ts";
import type { Specification } from "../../lib/rules/model/declaration.ts";
import { indexPatternOf } from "../../lib/rules/model/names.ts";

export interface ReadFailureStoresInput {
  /** The topics in force. */
  readonly specs: readonly Specification[];
  /** Null for all topics. */
  readonly topic: string | null;
}

/** What lies in the failure store of one data stream. */
export interface StoreDigest extends StoreContents {
  readonly stream: string;
  /** The topics declared to go there; at most a hundred. */
  readonly topics: readonly string[];
  /** Whether refused documents still go there; null if Elasticsearch does not say. */
  readonly enabled: boolean | null;
}

/** The failure stores of data streams to which topics are declared to go. */
export interface FailureStoreDigest {
  readonly stores: readonly StoreDigest[];
  /** Why the list is incomplete, in sentences; empty if it is complete. */
  readonly problems: readonly string[];
}

/** Each costs a search. */
const MAX_STORES = 20;
const MAX_LISTED = 100;

/**
 * Finds out which targets have a failure store, and counts what lies there. Elasticsearch's refusals and silence are
 * reported as problems.
 * @throws other failures, such as a signal's reason
 */
export async function readFailureStores(
  { specs, topic }: ReadFailureStoresInput,
  failureStores: Pick<FailureStores, "survey" | "contents">,
  signal: AbortSignal,
): Promise<FailureStoreDigest> {
  const asked = specs.filter((spec) => topic === null || spec.topic === topic);
  const targets = [...new Set(asked.map(({ index }) => indexPatternOf(index)))];
  if (targets.length === 0) return { stores: [], problems: [] };
  try {
    const { streams, problems } = await failureStores.survey(targets, signal);
    const all = streams.filter(({ enabled, indices }) => enabled !== false || indices.length > 0);
    const some = all.slice(0, MAX_STORES);
    const read = await Promise.all(some.map((store) => contentsOf(store)));
    const left = all.length - some.length;
    return {
      stores: read.flatMap(({ digest }) => digest ?? []),
      problems: [
        ...problems,
        ...read.flatMap(({ problem }) => problem ?? []),
        ...(left === 0
          ? []
          : [`${counted(left, "further failure store")} ${left === 1 ? "was" : "were"} not looked at.`]),
      ],
    };
  } catch (error) {
    return { stores: [], problems: [`The failure stores could not be looked at: ${saidBy(error)}.`] };
  }

  async function contentsOf(
    store: StreamStore,
  ): Promise<{ readonly digest: StoreDigest | null; readonly problem: string | null }> {
    const { stream, enabled, indices, readable } = store;
    if (!readable) return { digest: null, problem: unreadable(stream) };
    const topics = asked
      .filter(({ index }) => store.targets.includes(indexPatternOf(index)))
      .map((spec) => spec.topic)
      .slice(0, MAX_LISTED);
    const about = { stream, topics, enabled };
    if (indices.length === 0)
      return { digest: { ...about, ours: noFailures, others: noFailures }, problem: null };
    try {
      const contents = await failureStores.contents(stream, topic, signal);
      return { digest: { ...about, ...contents }, problem: null };
    } catch (error) {
      return { digest: null, problem: `The failure store of ${stream} could not be read: ${saidBy(error)}.` };
    }
  }
}

function saidBy(error: unknown): string {
  if (error instanceof PenstockError && error.code.startsWith("elasticsearch_")) return error.message;
  if (error instanceof PenstockError && error.code === "deadline_exceeded") return error.message;
  throw error;
}
