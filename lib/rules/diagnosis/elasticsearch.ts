import { messageOf, PenstockError } from "../base/errors.ts";
import { isObject } from "../json/object.ts";
import type { TemplateRefusals } from "../template/index-template.ts";
import { listsIndex } from "../model/index-fields.ts";
import { connectionRemedy } from "../remedies/elasticsearch.ts";
import {
  absentIndexRemedy,
  blockRemedy,
  closedRemedy,
  clusterBlockRemedy,
  pipelineRemedy,
  unassignedRemedy,
  writeIndexRemedy,
} from "../remedies/target.ts";
import { indexTemplateRemedy } from "../remedies/template.ts";
import { proxyText } from "../config/proxy.ts";
import type { ElasticsearchSettings } from "../model/settings.ts";
import type { Holdings } from "../progress/holdings.ts";
import { type Check, checksOf, namesText } from "./check.ts";
import { heldText } from "./holdings.ts";
import { counted, sizeText } from "../base/units.ts";

const { ok, warning, failed } = checksOf("elasticsearch");

export interface ClusterFacts {
  readonly status: "green" | "yellow" | "red";
  /** The indices that miss a primary shard. */
  readonly red: readonly string[];
  /** `cluster.blocks.read_only` or `read_only_allow_delete`. */
  readonly readOnly: boolean;
  /** `action.auto_create_index`: `true`, `false`, or a list of patterns. */
  readonly autoCreateIndex: string;
}

/** One data path of a node. Null if Elasticsearch does not say. */
export interface DiskFacts {
  readonly node: string;
  readonly availableBytes: number;
  readonly highWatermarkBytes: number | null;
  readonly floodStageBytes: number | null;
}

/** What a name refers to. */
export interface TargetFacts {
  readonly kind: "absent" | "index" | "alias" | "data stream";
  readonly indices: readonly {
    readonly name: string;
    /** Settings under `index.blocks` that are true, for example `write`. */
    readonly blocks: readonly string[];
    readonly closed: boolean;
    /** For this alias; null if not set. */
    readonly isWriteIndex: boolean | null;
  }[];
}

/** The privileges that the user lacks. `off`: Elasticsearch checks none. */
export type PrivilegeFacts =
  | { readonly security: "off" }
  | {
      readonly security: "on";
      readonly missing: readonly { readonly index: string | null; readonly privilege: string }[];
    };

const MOST_SKEW_MS = 5_000;

/** @param reached the error of each node; null if it answered as Elasticsearch 8 or 9 */
export function judgeNodes(
  reached: ReadonlyMap<string, unknown>,
  proxies: ElasticsearchSettings["proxies"] = {},
): Check[] {
  return [...reached].map(([node, error]) => {
    const name = `node ${node}`;
    const proxy = proxies[node];
    const via = proxy === undefined ? "" : `, through ${proxyText(proxy)}`;
    if (error === null) return ok(name, `answers as Elasticsearch 8 or 9${via}`);
    const reason = messageOf(error);
    const others = [...reached.values()].includes(null);
    return others && httpStatusOf(error) === null
      ? warning(name, `${reason}; others answer`, remedyOf(error))
      : failed(name, reason, remedyOf(error));
  });
}

/** The HTTP status of Elasticsearch's refusal; null if the error is something else. */
export function httpStatusOf(error: unknown): number | null {
  if (!(error instanceof PenstockError) || !isObject(error.cause)) return null;
  const { status } = error.cause;
  return typeof status === "number" ? status : null;
}

/** Whether Elasticsearch does not know the address, because the feature behind it is missing or switched off. */
export function isNoAddress(error: unknown): boolean {
  if (!(error instanceof PenstockError) || !isObject(error.cause)) return false;
  const { error: said } = error.cause;
  return isObject(said) && typeof said["reason"] === "string" && unknownAddress.test(said["reason"]);
}

/** `RestController`: a 400, or a 405 if another feature takes such an address with another method. */
const unknownAddress = /^(no handler found|Incorrect HTTP method) for uri/;

/** What to do if Elasticsearch did not answer. */
export function remedyOf(error: unknown): string {
  const status = httpStatusOf(error);
  if (status === 403) return "grant the user the cluster privilege monitor";
  const isOther = error instanceof PenstockError && error.code === "elasticsearch_refused";
  return connectionRemedy(messageOf(error), status, isOther).do;
}

/** @param isOurs whether a topic writes to an index: others share the cluster, and so its health */
export function judgeCluster(
  { status, red, readOnly }: ClusterFacts,
  isOurs: (index: string) => boolean,
): Check[] {
  return [
    status === "red"
      ? judgeRed(red, isOurs)
      : ok("health", status === "yellow" ? "yellow: some replicas are not assigned" : "green"),
    ...(readOnly ? [failed("cluster block", "the cluster is read-only", clusterBlockRemedy)] : []),
  ];
}

function judgeRed(red: readonly string[], isOurs: (index: string) => boolean): Check {
  const ours = red.filter(isOurs);
  if (ours.length === 0 && red.length > 0) {
    const seen = `red: a primary shard of ${namesText(red)} is not assigned; no topic writes there`;
    return warning("health", seen, unassignedRemedy);
  }
  // A cluster that has not recovered yet knows no index.
  const where = ours.length === 0 ? "" : ` of ${namesText(ours)}`;
  return failed("health", `red: a primary shard${where} is not assigned`, unassignedRemedy);
}

export function judgeDisks(disks: readonly DiskFacts[]): Check[] {
  const faults = disks.flatMap(({ node, availableBytes, highWatermarkBytes, floodStageBytes }) => {
    const name = `disk of ${node}`;
    const seen = `${sizeText(availableBytes)} free`;
    if (floodStageBytes !== null && availableBytes < floodStageBytes) {
      const rule = `${seen}, below the flood stage of ${sizeText(floodStageBytes)}: its indices are read-only`;
      return [failed(name, rule, "free disk space; Elasticsearch then lifts the block by itself")];
    }
    if (highWatermarkBytes !== null && availableBytes < highWatermarkBytes) {
      const rule = `${seen}, below the high watermark of ${sizeText(highWatermarkBytes)}`;
      return [warning(name, rule, "free disk space before Elasticsearch makes indices read-only")];
    }
    return [];
  });
  return faults.length > 0 || disks.length === 0
    ? faults
    : [ok("disks", `none of ${counted(disks.length, "disk")} has reached its high watermark`)];
}

/** @param skewMs Elasticsearch's clock minus ours */
export function judgeClock(skewMs: number): Check {
  if (Math.abs(skewMs) <= MOST_SKEW_MS) return ok("clock", "agrees with this machine's");
  const seen = `${(Math.abs(skewMs) / 1_000).toFixed(1)} s ${skewMs > 0 ? "ahead of" : "behind"} this machine's`;
  return warning("clock", seen, "synchronize all machines with NTP");
}

/**
 * @param target the name to which documents go today
 * @param held what the target holds, if known
 */
export function judgeTarget(
  target: string,
  { kind, indices }: TargetFacts,
  autoCreateIndex: string,
  held?: Holdings,
): Check {
  const name = `target ${target}`;
  if (kind === "absent") {
    return autoCreateIndex === "false"
      ? failed(name, "it does not exist, and action.auto_create_index is false", absentIndexRemedy(target))
      : ok(name, `does not exist yet; created with the first document${heldText(held, "; so far ")}`);
  }
  const touched = writtenOf(kind, indices);
  if (touched.length === 0) {
    const names = namesText(indices.map((index) => index.name));
    return failed(
      name,
      `it is an alias to ${counted(indices.length, "index", "indices")} (${names}) without a write index`,
      writeIndexRemedy,
    );
  }
  const closed = touched.find((index) => index.closed);
  if (closed !== undefined) return failed(name, `index ${closed.name} is closed`, closedRemedy(closed.name));
  const blocked = touched.find(({ blocks }) => blocks.length > 0);
  if (blocked !== undefined) {
    const settings = blocked.blocks.map((block) => `index.blocks.${block}`).join(", ");
    return failed(
      name,
      `index ${blocked.name} accepts no documents: ${settings}`,
      blockRemedy(blocked.name, blocked.blocks),
    );
  }
  const what = kind === "index" ? "an index" : kind === "alias" ? "an alias" : "a data stream";
  return ok(name, `${what} that accepts documents${heldText(held)}`);
}

/** The indices to which documents are written; empty if an alias does not determine one. */
function writtenOf(kind: TargetFacts["kind"], indices: TargetFacts["indices"]): TargetFacts["indices"] {
  // A data stream writes to its newest index.
  if (kind === "data stream") return indices.slice(-1);
  if (kind !== "alias") return indices;
  const named = indices.filter(({ isWriteIndex }) => isWriteIndex === true);
  if (named.length > 0) return named;
  return indices.length === 1 && indices[0]?.isWriteIndex === null ? indices : [];
}

/** Index privileges to look up what was sent before: what a name leads to, a refresh, the search itself. */
export const lookUpPrivileges: readonly string[] = ["view_index_metadata", "maintenance", "read"];

/** @param moving patterns of aliases and data streams, where ids alone do not recognize what is sent again */
export function judgePrivileges(facts: PrivilegeFacts, moving: ReadonlySet<string>): Check[] {
  if (facts.security === "off") return [ok("permissions", "security is off: everybody may do everything")];
  const checks = facts.missing.flatMap(({ index, privilege }): Check[] => {
    if (index === null)
      return [
        failed("permissions", `the cluster privilege ${privilege} is missing`, privilegeRemedy(privilege)),
      ];
    const name = `permissions on ${index}`;
    const seen = `the index privilege ${privilege} is missing`;
    const remedy = `grant ${privilege} on ${index} to the user of elasticsearch.auth`;
    const isNeeded = !lookUpPrivileges.includes(privilege) || (index === listsIndex && privilege === "read");
    if (isNeeded) return [failed(name, seen, remedy)];
    return moving.has(index)
      ? [warning(name, `${seen}: a crash around a rollover may index records twice`, remedy)]
      : [];
  });
  return checks.length === 0 ? [ok("permissions", "a host has all the privileges it needs")] : checks;
}

function privilegeRemedy(privilege: string): string {
  return privilege === "manage_index_templates"
    ? "grant it, or set elasticsearch.manageTemplates to false and manage the templates yourself"
    : "grant it to the user of elasticsearch.auth";
}

/** @param topicsOf the topics whose index each pattern covers */
export function judgeTemplate(
  refusals: TemplateRefusals,
  topicsOf: ReadonlyMap<string, readonly string[]>,
): Check[] {
  const name = "index template";
  if (refusals.size === 0) return [ok(name, "covers every target, or can be extended to")];
  return [...refusals].map(([pattern, reason]) =>
    failed(
      `${name} for ${pattern}`,
      `${reason}; declared for ${namesText(topicsOf.get(pattern) ?? [])}`,
      indexTemplateRemedy,
    ),
  );
}

/** @param wanted the topics declared with each pipeline */
export function judgePipelines(
  wanted: ReadonlyMap<string, readonly string[]>,
  existing: ReadonlySet<string>,
): Check[] {
  const there = [...wanted.keys()].filter((name) => existing.has(name));
  return [
    ...(there.length === 0 ? [] : [ok("pipelines", `exist: ${namesText(there)}`)]),
    ...[...wanted].flatMap(([pipeline, topics]) =>
      existing.has(pipeline)
        ? []
        : [
            failed(
              `pipeline ${pipeline}`,
              `it does not exist; declared for ${namesText(topics)}`,
              pipelineRemedy(pipeline),
            ),
          ],
    ),
  ];
}
