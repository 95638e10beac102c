import { z } from "zod";
import { PenstockError } from "../../../rules/base/errors.ts";
import { httpStatusOf } from "../../../rules/diagnosis/elasticsearch.ts";
import type { RefusingTarget } from "../../../rules/mending/proposal.ts";
import type { Mapping } from "../../../rules/json/object.ts";
import type { BulkItem } from "../../../rules/outcomes/bulk-answer.ts";
import type { TemplateTarget } from "../../../rules/template/template-target.ts";
import { flatSettings } from "../../../rules/trial/scratch-index.ts";
import type { Elasticsearch } from "../client.ts";
import { shaped } from "../transport/shaped.ts";

/** What a name stands for that documents go to, as far as it decides what becomes of them. */
export interface Target extends RefusingTarget {
  /** The answer to every document; null if it takes documents. */
  readonly refusal: BulkItem | null;
}

const TIMEOUT_MS = 10_000;
const mapping = z.record(z.string(), z.unknown());
const shape = z.record(
  z.string(),
  z.object({
    aliases: z.record(z.string(), z.object({ is_write_index: z.boolean().optional() })).default({}),
    mappings: mapping.default({}),
    settings: mapping.default({}),
    data_stream: z.string().optional(),
  }),
);
type Indices = z.infer<typeof shape>;

/**
 * Finds the index that documents for a name would go to, or what a new one would be.
 * @param template of ours that a host would add; null for a name that a pipeline chose
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
 */
export async function findTarget(
  client: Pick<Elasticsearch, "ask" | "newIndex">,
  name: string,
  template: TemplateTarget | null,
  signal: AbortSignal,
): Promise<Target> {
  const indices = await readIndices(client, name, signal);
  const { kind, index } = writeIndexOf(name, indices);
  const about = { kind, index, mayRollOver: false };
  if (kind === "new") return { ...about, ...(await client.newIndex(name, template, signal)), refusal: null };
  const found = index === null ? undefined : indices[index];
  if (index === null || found === undefined)
    return { ...about, mappings: {}, settings: {}, refusal: noWriteIndex(name) };
  const { mappings, settings, aliases } = found;
  const mayRollOver = aliases[name]?.is_write_index === true && /-\d+$/.test(index);
  return { ...about, mayRollOver, mappings, settings, refusal: refusalOf(index, settings) };
}

async function readIndices(
  client: Pick<Elasticsearch, "ask">,
  name: string,
  signal: AbortSignal,
): Promise<Indices> {
  const path = `/${encodeURIComponent(name)}`;
  try {
    const querystring = { expand_wildcards: "all" };
    return shaped(
      shape,
      await client.ask({ method: "GET", path, querystring, timeoutMs: TIMEOUT_MS }, signal),
      path,
    );
  } catch (error) {
    if (httpStatusOf(error) === 404) return {};
    throw error;
  }
}

function writeIndexOf(
  name: string,
  indices: Indices,
): { readonly kind: Target["kind"]; readonly index: string | null } {
  const names = Object.keys(indices);
  if (names.length === 0) return { kind: "new", index: null };
  if (names.includes(name)) return { kind: "index", index: name };
  const aliased = names.filter((index) => indices[index]?.aliases[name] !== undefined);
  if (aliased.length > 0) {
    const [first = null, ...others] = aliased;
    const chosen = aliased.find((index) => indices[index]?.aliases[name]?.is_write_index === true);
    return { kind: "alias", index: chosen ?? (others.length === 0 ? first : null) };
  }
  const streams = new Set(names.map((index) => indices[index]?.data_stream));
  if (streams.size !== 1)
    throw new PenstockError("elasticsearch_refused", `"${name}" stands for several data streams`);
  // `.ds-<name>-<date>-<generation>`
  const generation = (index: string): number => Number(/\d+$/.exec(index)?.[0] ?? 0);
  const [newest = null] = names.toSorted((a, b) => generation(b) - generation(a));
  return { kind: streams.has(name) ? "data stream" : "alias", index: newest };
}

/** As Elasticsearch answers a bulk (`IndexMetadata`, `AbstractRefCounted`): the same rules then judge it. */
const blocks: readonly (readonly [setting: string, status: number, level: string])[] = [
  ["read_only_allow_delete", 429, "TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark"],
  ["read_only", 403, "FORBIDDEN/5/index read-only (api)"],
  ["write", 403, "FORBIDDEN/8/index write (api)"],
];

function refusalOf(index: string, settings: Mapping): BulkItem | null {
  const all = flatSettings(settings);
  const isOn = (setting: string): boolean => String(all.get(`index.${setting}`)) === "true";
  if (isOn("verified_before_close")) return refused(400, "index_closed_exception", "closed");
  const block = blocks.find(([setting]) => isOn(`blocks.${setting}`));
  if (block === undefined) return null;
  const [, status, level] = block;
  return refused(status, "cluster_block_exception", `index [${index}] blocked by: [${level}];`);
}

function noWriteIndex(alias: string): BulkItem {
  const reason = `no write index is defined for alias [${alias}]`;
  return refused(400, "illegal_argument_exception", reason);
}

function refused(status: number, type: string, reason: string): BulkItem {
  return { status, result: null, error: { type, reason } };
}
