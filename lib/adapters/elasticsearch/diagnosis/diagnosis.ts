import { z } from "zod";
import {
  type ClusterFacts,
  type DiskFacts,
  httpStatusOf,
  lookUpPrivileges,
  type PrivilegeFacts,
  type TargetFacts,
} from "../../../rules/diagnosis/elasticsearch.ts";
import type { TemplateFacts } from "../../../rules/diagnosis/data-streams.ts";
import type { TemplateTarget } from "../../../rules/template/template-target.ts";
import type { FailureStores } from "../../../rules/dead-letters/failure-stores.ts";
import type { TemplateRefusals } from "../../../rules/template/index-template.ts";
import type { IgnoredFieldsDeps } from "../../../rules/search/hits/gave-way.ts";
import type { Holdings } from "../../../rules/progress/holdings.ts";
import type { ElasticsearchSettings } from "../../../rules/model/settings.ts";
import { createElasticsearch, type Question } from "../client.ts";
import { createFailureStores } from "../failure-store/failure-stores.ts";
import { listsIndex } from "../../../rules/model/index-fields.ts";
import { readHoldings } from "../holdings/holdings.ts";
import { ignoredFieldsDeps } from "../ignored-fields.ts";
import { findMissingPrivileges, type MissingPrivileges } from "../names/privileges.ts";
import { allTemplatesQuestion, templatesIn } from "../template/all-templates.ts";
import { shaped } from "../transport/shaped.ts";

/** Read-only checks of what a host may do. All throw `elasticsearch_unavailable` or `elasticsearch_refused`. */
export interface ElasticsearchDiagnosis {
  /** Checks that one node is Elasticsearch 8 or 9. */
  reach(node: string, signal: AbortSignal): Promise<void>;
  cluster(signal: AbortSignal): Promise<ClusterFacts>;
  disks(signal: AbortSignal): Promise<readonly DiskFacts[]>;
  /** Returns a node's clock in milliseconds since the epoch, or null if unknown. */
  clock(signal: AbortSignal): Promise<number | null>;
  /** Returns the targets by name; a missing one is `absent`. */
  targets(names: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, TargetFacts>>;
  /** Returns what targets hold. @param indices `index` of specifications */
  holdings(indices: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Holdings>>;
  /** @param patterns of the indices that are written to */
  privileges(
    patterns: readonly string[],
    manageTemplates: boolean,
    signal: AbortSignal,
  ): Promise<PrivilegeFacts>;
  /** Returns by key (`targetKey`) the targets that no template can cover, and why. */
  refusedTargets(targets: readonly TemplateTarget[], signal: AbortSignal): Promise<TemplateRefusals>;
  /** Returns all index templates. */
  templates(signal: AbortSignal): Promise<readonly TemplateFacts[]>;
  pipelines(signal: AbortSignal): Promise<ReadonlySet<string>>;
  /** What lies in the failure stores of data streams. */
  readonly failureStores: Pick<FailureStores, "survey" | "contents">;
  /** Returns the dependencies for reading ignored fields. */
  ignoredFields(signal: AbortSignal): IgnoredFieldsDeps;
  close(): Promise<void>;
}

const TIMEOUT_MS = 10_000;
/** A URL is bounded at 4 KiB (http.max_initial_line_length), a name at 255 bytes. */
const NAMES_AT_ONCE = 10;
/** Creating an index with its first document needs one of these. */
const CREATING = ["auto_configure", "create_index"];

const healthShape = z.object({ status: z.enum(["green", "yellow", "red"]) });
const indicesHealthShape = healthShape.extend({ indices: z.record(z.string(), healthShape).default({}) });
const blocksShape = z.object({ read_only: flag(), read_only_allow_delete: flag() }).partial();
const settingsShape = z.object({
  cluster: z.object({ blocks: blocksShape }).partial().optional(),
  action: z.object({ auto_create_index: z.coerce.string() }).partial().optional(),
});
const clusterShape = z
  .object({ defaults: settingsShape, persistent: settingsShape, transient: settingsShape })
  .partial();
const bytes = z.number().optional();
const disksShape = z.object({
  nodes: z.record(
    z.string(),
    z.object({
      name: z.string(),
      fs: z.object({
        data: z.array(
          z.object({
            available_in_bytes: z.number(),
            high_watermark_free_space_in_bytes: bytes,
            flood_stage_free_space_in_bytes: bytes,
          }),
        ),
      }),
    }),
  ),
});
const clockShape = z.object({ nodes: z.record(z.string(), z.object({ timestamp: z.number() })) });
const indicesShape = z.record(
  z.string(),
  z.object({
    aliases: z.record(z.string(), z.object({ is_write_index: z.boolean().optional() })).optional(),
    data_stream: z.string().optional(),
    settings: z.object({
      index: z.object({
        blocks: z.record(z.string(), flag()).optional(),
        verified_before_close: flag().optional(),
      }),
    }),
  }),
);
type Indices = z.infer<typeof indicesShape>;

export function createElasticsearchDiagnosis(settings: ElasticsearchSettings): ElasticsearchDiagnosis {
  const client = createElasticsearch(settings);
  async function ask<T>(
    shape: z.ZodType<T>,
    question: Omit<Question, "timeoutMs">,
    signal: AbortSignal,
  ): Promise<T> {
    const answer = await client.ask({ ...question, timeoutMs: TIMEOUT_MS }, signal);
    return shaped(shape, answer, question.path);
  }
  const get = (path: string, querystring: Record<string, string>) =>
    ({ method: "GET", path, querystring }) as const;

  return {
    async reach(node, signal) {
      const one = createElasticsearch({ ...settings, nodes: [node] });
      try {
        await one.probe(signal);
      } finally {
        await one.close();
      }
    },

    async cluster(signal) {
      const health = <T>(shape: z.ZodType<T>, also: Record<string, string>): Promise<T> =>
        ask(shape, get("/_cluster/health", { master_timeout: "5s", ...also }), signal);
      const whole = await health(healthShape, { filter_path: "status" });
      // There may be thousands of indices, so only a red cluster is asked for each.
      const { status, indices } =
        whole.status === "red"
          ? await health(indicesHealthShape, { level: "indices", filter_path: "status,indices.*.status" })
          : { ...whole, indices: {} };
      const filter_path = "*.cluster.blocks,*.action.auto_create_index";
      const found = await ask(
        clusterShape,
        get("/_cluster/settings", { include_defaults: "true", filter_path }),
        signal,
      );
      const layers = [found.transient, found.persistent, found.defaults];
      const blocks = layers.map((layer) => layer?.cluster?.blocks);
      return {
        status,
        red: Object.entries(indices).flatMap(([name, one]) => (one.status === "red" ? [name] : [])),
        readOnly:
          blocks.some((block) => block?.read_only ?? false) ||
          blocks.some((block) => block?.read_only_allow_delete ?? false),
        autoCreateIndex: layers.flatMap((layer) => layer?.action?.auto_create_index ?? [])[0] ?? "true",
      };
    },

    async disks(signal) {
      const filter_path = "nodes.*.name,nodes.*.fs.data";
      const { nodes } = await ask(disksShape, get("/_nodes/stats/fs", { filter_path }), signal);
      return Object.values(nodes).flatMap(({ name, fs }) =>
        fs.data.map((disk) => ({
          node: name,
          availableBytes: disk.available_in_bytes,
          highWatermarkBytes: disk.high_watermark_free_space_in_bytes ?? null,
          floodStageBytes: disk.flood_stage_free_space_in_bytes ?? null,
        })),
      );
    },

    async clock(signal) {
      const question = get("/_nodes/_local/stats/os", { filter_path: "nodes.*.timestamp" });
      const { nodes } = await ask(clockShape, question, signal);
      return Object.values(nodes)[0]?.timestamp ?? null;
    },

    async targets(names, signal) {
      const found = new Map<string, TargetFacts>();
      for (let at = 0; at < names.length; at += NAMES_AT_ONCE) {
        const some = names.slice(at, at + NAMES_AT_ONCE);
        const filter_path =
          "*.aliases,*.data_stream,*.settings.index.uuid,*.settings.index.blocks,*.settings.index.verified_before_close";
        const querystring = { ignore_unavailable: "true", expand_wildcards: "all", filter_path };
        const path = `/${some.map(encodeURIComponent).join(",")}`;
        const indices = await ask(indicesShape, get(path, querystring), signal);
        for (const name of some) found.set(name, targetOf(name, indices));
      }
      return found;
    },

    async holdings(indices, signal) {
      const targets = new Map(indices.map((index) => [index, []]));
      const found = await readHoldings(client, targets, signal);
      return new Map([...found].map(([index, { holdings }]) => [index, holdings]));
    },

    async privileges(patterns, manageTemplates, signal) {
      const cluster = ["monitor", ...(manageTemplates ? ["manage_index_templates"] : [])];
      const index = [
        { names: patterns, privileges: ["create_doc", ...CREATING, ...lookUpPrivileges] },
        ...(patterns.includes(listsIndex) ? [{ names: [listsIndex], privileges: ["index"] }] : []),
      ];
      const wanted = patterns.length === 0 ? { cluster } : { cluster, index };
      const missing = await findMissingPrivileges(client, wanted, signal, TIMEOUT_MS);
      return missing === null ? { security: "off" } : { security: "on", missing: missingOf(missing) };
    },

    refusedTargets: (targets, signal) => client.tryTemplate(targets, signal),

    async templates(signal) {
      return templatesIn(await client.ask({ ...allTemplatesQuestion, timeoutMs: TIMEOUT_MS }, signal));
    },

    async pipelines(signal) {
      const question = get("/_ingest/pipeline", { summary: "true" });
      try {
        return new Set(Object.keys(await ask(z.record(z.string(), z.unknown()), question, signal)));
      } catch (error) {
        // No pipelines exist.
        if (httpStatusOf(error) === 404) return new Set();
        throw error;
      }
    },

    failureStores: createFailureStores(client),

    ignoredFields: (signal) => ignoredFieldsDeps(client, signal),

    close: () => client.close(),
  };
}

function targetOf(name: string, found: Indices): TargetFacts {
  const entries = Object.entries(found);
  const facts = (chosen: typeof entries): TargetFacts["indices"] =>
    chosen.map(([index, { aliases, settings }]) => ({
      name: index,
      blocks: Object.entries(settings.index.blocks ?? {}).flatMap(([block, on]) =>
        // These two do not affect writing.
        on && block !== "read" && block !== "metadata" ? [block] : [],
      ),
      closed: settings.index.verified_before_close ?? false,
      isWriteIndex: aliases?.[name]?.is_write_index ?? null,
    }));
  const index = entries.filter(([key]) => key === name);
  if (index.length > 0) return { kind: "index", indices: facts(index) };
  const stream = entries.filter(([, { data_stream: of }]) => of === name);
  if (stream.length > 0) {
    // `.ds-<name>-<date>-<generation>`
    const generation = (key: string): number => Number(/\d+$/.exec(key)?.[0] ?? 0);
    return { kind: "data stream", indices: facts(stream.sort(([a], [b]) => generation(a) - generation(b))) };
  }
  const aliased = entries.filter(([, { aliases }]) => aliases?.[name] !== undefined);
  return aliased.length > 0 ? { kind: "alias", indices: facts(aliased) } : { kind: "absent", indices: [] };
}

function missingOf({ cluster, index }: MissingPrivileges) {
  return [
    ...cluster.map((privilege) => ({ index: null, privilege })),
    ...[...index].flatMap(([name, missing]) => {
      const mayCreate = !CREATING.every((privilege) => missing.includes(privilege));
      return [
        ...missing.filter((privilege) => !CREATING.includes(privilege)),
        ...(mayCreate ? [] : [CREATING.join(" or ")]),
      ].map((privilege) => ({ index: name, privilege }));
    }),
  ];
}

/** Elasticsearch returns settings as text. */
function flag() {
  return z
    .union([z.boolean(), z.enum(["true", "false"])])
    .transform((value) => value === true || value === "true");
}
