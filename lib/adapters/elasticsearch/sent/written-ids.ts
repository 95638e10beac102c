import { PenstockError } from "../../../rules/base/errors.ts";
import { askAgain } from "../ask-again.ts";
import type { Elasticsearch } from "../client.ts";
import { removeExtraCopies } from "../extra-copies.ts";
import { indexSettingsNames, parseIndexSettings } from "../index-settings.ts";
import { untilQuiet } from "./quiet.ts";
import { askRefresh } from "./refresh.ts";
import type { Target } from "./sent-records.ts";
import { askTargets } from "./targets.ts";

/** For those who write records again, long after they were written first. */
export interface WrittenIds {
  /**
   * Returns which of the ids exist in an index, or in any index of a pattern; none if there is no such index. Behind an
   * alias or data stream, where Elasticsearch does not refuse a second document, it sees everything that was written.
   * @param sinceMs since when they may have been written, in milliseconds since the epoch; if absent, it does not matter that
   *   the documents of closed indices are not seen
   * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`, also if an index that was written to since
   *   then is closed
   */
  existingIds(
    index: string,
    ids: readonly string[],
    signal: AbortSignal,
    sinceMs?: number,
  ): Promise<ReadonlySet<string>>;
  /**
   * To be called after these ids were written: somebody else may have written the same ones to another index behind the
   * alias or data stream. Leaves one document of each, the one in the oldest index. Does nothing for a single index.
   * @throws as `existingIds`
   */
  removeExtraCopies(index: string, ids: readonly string[], signal: AbortSignal): Promise<void>;
}

const TIMEOUT_MS = 30_000;

export function createWrittenIds(
  elasticsearch: Pick<Elasticsearch, "ask" | "askForText" | "existingIds">,
): WrittenIds {
  /**
   * Also true of a name that nothing has yet, because the first document may create a data stream, and of a pattern,
   * because some days may be aliases or streams.
   */
  async function isMoving(index: string, signal: AbortSignal): Promise<boolean> {
    return index.includes("*") || (await targetOf(index, signal)).kind !== "fixed";
  }

  async function targetOf(index: string, signal: AbortSignal): Promise<Target> {
    const targets = await askAgain(() => askTargets(elasticsearch, [index], signal), signal);
    return targets.get(index) ?? { kind: "absent" };
  }

  /**
   * A search does not see the documents of a closed index. An index was written to until the next one was created. A closed
   * day takes no records either.
   */
  async function assertOpen(index: string, sinceMs: number, signal: AbortSignal): Promise<void> {
    if (index.includes("*")) return;
    const path = `/${encodeURIComponent(index)}/_settings/${indexSettingsNames}`;
    const querystring = { ignore_unavailable: "true", allow_no_indices: "true", expand_wildcards: "all" };
    const ask = () => elasticsearch.ask({ method: "GET", path, querystring, timeoutMs: TIMEOUT_MS }, signal);
    const newestFirst = parseIndexSettings(await askAgain(ask, signal)).toSorted(
      (a, b) => b.createdMs - a.createdMs,
    );
    let untilMs = Infinity;
    for (const { name, createdMs, closed } of newestFirst) {
      if (closed && untilMs > sinceMs) {
        const message = `index "${name}" behind "${index}" is closed: open it, because it may hold the same records`;
        throw new PenstockError("elasticsearch_refused", message, { retryable: true });
      }
      untilMs = createdMs;
    }
  }

  return {
    async existingIds(index, ids, signal, sinceMs = Infinity) {
      if (ids.length === 0) return new Set();
      if (await isMoving(index, signal)) {
        await assertOpen(index, sinceMs, signal);
        await askAgain(() => askRefresh(elasticsearch, [index], signal), signal);
      }
      return askAgain(() => elasticsearch.existingIds(index, ids, signal), signal);
    },
    async removeExtraCopies(index, ids, signal) {
      const isPattern = index.includes("*");
      const found: Target = isPattern ? { kind: "absent" } : await targetOf(index, signal);
      if (found.kind === "fixed") return;
      // An attempt without an answer may still be under way. A pattern's days are not known by name.
      if (!isPattern) {
        const names = [index, ...(found.kind === "moving" ? found.indices : [])];
        await untilQuiet(elasticsearch, names, signal);
      }
      const target = encodeURIComponent(index);
      await askAgain(() => removeExtraCopies(elasticsearch, target, ids, signal), signal);
    },
  };
}
