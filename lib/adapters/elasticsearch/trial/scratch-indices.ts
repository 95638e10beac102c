import { z } from "zod";
import { messageOf, PenstockError } from "../../../rules/base/errors.ts";
import type { Mapping } from "../../../rules/json/object.ts";
import { targetText } from "../../../rules/search/query/target.ts";
import {
  isLeftBehind,
  scratchBody,
  scratchName,
  scratchPattern,
} from "../../../rules/trial/scratch-index.ts";
import type { Elasticsearch } from "../client.ts";
import { getFrom } from "../names/asking.ts";
import { findMissingPrivileges } from "../names/privileges.ts";
import { resolvable, resolveNames } from "../names/resolve.ts";
import { shaped } from "../transport/shaped.ts";
import type { Target } from "./target.ts";

/** Indices that exist as long as a trial. */
export interface ScratchIndices {
  /**
   * Creates an index that maps documents as the target does.
   * @returns its name and its mapping
   * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
   */
  create(target: Target, signal: AbortSignal): Promise<{ readonly name: string; readonly mappings: Mapping }>;
  /** @returns its mapping now, and by id the fields of documents that are not indexed */
  read(
    name: string,
    signal: AbortSignal,
  ): Promise<{ readonly mappings: Mapping; readonly ignored: ReadonlyMap<string, readonly string[]> }>;
  /** Removes all of them. Has a deadline of its own, because it also follows an abort. @returns what is left, in sentences */
  removeAll(): Promise<readonly string[]>;
}

export interface ScratchDeps {
  readonly client: Pick<Elasticsearch, "ask">;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Eight hexadecimal digits. */
  readonly suffix: () => string;
}

/** Without `delete_index`, an index would stay. */
const NEEDED = ["create_index", "create_doc", "read", "maintenance", "view_index_metadata", "delete_index"];
const TIMEOUT_MS = 10_000;
/** The master makes one index after the other, and gives up on one by itself after 30 s, the default of `master_timeout`. */
const CREATE_MS = 35_000;
const MOST_HITS = 2_000;

const mappings = z.record(z.string(), z.unknown()).default({});
const indexShape = z.record(
  z.string(),
  z.object({ aliases: z.record(z.string(), z.unknown()).default({}), mappings }),
);
const hitsShape = z.object({
  hits: z.object({
    hits: z.array(z.object({ _id: z.string(), _ignored: z.array(z.string()).default([]) })),
  }),
});

export function createScratchIndices({ client, now, suffix }: ScratchDeps): ScratchIndices {
  /** Requested ones: a request without an answer may have created its index. */
  const created: string[] = [];
  const kept: string[] = [];
  let isPrepared = false;

  async function prepare(signal: AbortSignal): Promise<void> {
    const index = [{ names: [scratchPattern], privileges: NEEDED }];
    const missing = (await findMissingPrivileges(client, { index }, signal))?.index.get(scratchPattern) ?? [];
    if (missing.length > 0) {
      throw new PenstockError(
        "elasticsearch_refused",
        `the user lacks the privileges ${missing.join(", ")} for ${scratchPattern}, the indices that a trial creates and removes`,
      );
    }
    const found = await resolveNames(getFrom(client, signal), [scratchPattern], resolvable.indices);
    const old = [...found.keys()].filter((name) => isLeftBehind(name, now()));
    if (old.length > 0) kept.push(...(await removed(old, signal)));
    isPrepared = true;
  }

  /** @returns why they are left, in a sentence; nothing if they are gone */
  async function removed(names: readonly string[], signal: AbortSignal): Promise<string[]> {
    const querystring = { ignore_unavailable: "true" };
    const path = `/${targetText(names)}`;
    try {
      await client.ask({ method: "DELETE", path, querystring, timeoutMs: TIMEOUT_MS }, signal);
      return [];
    } catch (error) {
      return [`left behind: ${names.join(", ")}, which a later trial removes: ${messageOf(error)}`];
    }
  }

  const read = async (name: string, signal: AbortSignal) => {
    const answer = await client.ask({ method: "GET", path: `/${name}`, timeoutMs: TIMEOUT_MS }, signal);
    return shaped(indexShape, answer, `/${name}`)[name] ?? { aliases: {}, mappings: {} };
  };

  return {
    async create(target, signal) {
      if (!isPrepared) await prepare(signal);
      const name = scratchName(now(), suffix());
      created.push(name);
      const querystring = { timeout: "5s", wait_for_active_shards: "1" };
      const body = scratchBody(target);
      await client.ask({ method: "PUT", path: `/${name}`, querystring, body, timeoutMs: CREATE_MS }, signal);
      const is = await read(name, signal);
      const aliases = Object.keys(is.aliases);
      if (aliases.length === 0) return { name, mappings: is.mappings };
      throw new PenstockError(
        "elasticsearch_refused",
        `an index template puts indices named ${scratchPattern} into the alias ${aliases.join(", ")}, where a trial must not write`,
      );
    },

    async read(name, signal) {
      await client.ask({ method: "POST", path: `/${name}/_refresh`, timeoutMs: TIMEOUT_MS }, signal);
      const body = { size: MOST_HITS, _source: false, query: { exists: { field: "_ignored" } } };
      const path = `/${name}/_search`;
      const answer = await client.ask({ method: "POST", path, body, timeoutMs: TIMEOUT_MS }, signal);
      const { hits } = shaped(hitsShape, answer, path).hits;
      const ignored = new Map(hits.map(({ _id: id, _ignored: fields }) => [id, fields]));
      return { mappings: (await read(name, signal)).mappings, ignored };
    },

    async removeAll() {
      const left = created.length === 0 ? [] : await removed(created, AbortSignal.timeout(TIMEOUT_MS));
      return [...kept, ...left];
    },
  };
}
