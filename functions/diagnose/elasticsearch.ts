import type { ElasticsearchDiagnosis } from "../../lib/adapters/elasticsearch/diagnosis/diagnosis.ts";
import type { Specification } from "../../lib/rules/model/declaration.ts";
import { type Check, checksOf } from "../../lib/rules/diagnosis/check.ts";
import {
  judgeClock,
  judgeCluster,
  judgeDisks,
  judgeNodes,
  judgePipelines,
  judgePrivileges,
  judgeTemplate,
  judgeTarget,
  remedyOf,
} from "../../lib/rules/diagnosis/elasticsearch.ts";
import { judgeFailureStores } from "../../lib/rules/diagnosis/failure-stores.ts";
import { judgeGaveWay } from "../../lib/rules/diagnosis/gave-way.ts";
import { messageOf } from "../../lib/rules/base/errors.ts";
import { indexFields, listsIndex, withFallback } from "../../lib/rules/model/index-fields.ts";
import { indexForTimestamp, indexPatternOf, leadsTo } from "../../lib/rules/model/names.ts";
import { dayMs } from "../../lib/rules/search/hits/gave-way.ts";
import { searchTarget } from "../../lib/rules/search/query/target.ts";
import type { Holdings } from "../../lib/rules/progress/holdings.ts";
import type { ElasticsearchSettings } from "../../lib/rules/model/settings.ts";
import { examineFailureStores } from "./failure-stores.ts";
import { attempt, attemptEach, type Bounds } from "./attempt.ts";
import { judgeRetentions } from "../../lib/rules/diagnosis/data-streams.ts";
import { declaredStreams, diagnoseStreams } from "./data-streams.ts";
import { readIgnoredFields } from "../digest-dead-letters/read-ignored-fields.ts";

export interface DiagnoseElasticsearchDeps extends Bounds {
  readonly elasticsearch: Omit<ElasticsearchDiagnosis, "close">;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const { ok, skipped, warning } = checksOf("elasticsearch");

/** Tries every node. */
export async function diagnoseNodes(
  { nodes, proxies }: ElasticsearchSettings,
  deps: DiagnoseElasticsearchDeps,
): Promise<{ readonly checks: readonly Check[]; readonly answers: boolean }> {
  const reached = await attemptEach(deps, nodes, (node, signal) => deps.elasticsearch.reach(node, signal));
  return { checks: judgeNodes(reached, proxies), answers: [...reached.values()].includes(null) };
}

export interface DiagnoseClusterInput {
  readonly specs: readonly Specification[];
  readonly manageTemplates: boolean;
  /** Whether any node does. */
  readonly answers: boolean;
  /** What each `index` of a specification holds, as far as known. */
  readonly held: ReadonlyMap<string, Holdings>;
}

/** Checks the cluster, this user's privileges, and the pipelines, templates and targets of all topics. */
export async function diagnoseCluster(
  { specs, manageTemplates, answers, held }: DiagnoseClusterInput,
  deps: DiagnoseElasticsearchDeps,
): Promise<Check[]> {
  if (!answers) return [skipped("cluster, permissions, targets", "Elasticsearch does not answer")];
  const { elasticsearch, now } = deps;
  const patterns = [...new Set(specs.map(({ index }) => indexPatternOf(index)))];
  const targets = new Map(specs.map(({ index }) => [indexForTimestamp(withFallback(index), now()), index]));
  const lists = specs.some(({ index }) => indexFields(index).length > 0) ? [listsIndex] : [];
  const cluster = attempt(deps, (signal) => elasticsearch.cluster(signal));
  const found = attempt(deps, (signal) => elasticsearch.targets([...targets.keys()], signal));
  const look = async <T>(
    name: string,
    question: (signal: AbortSignal) => Promise<T>,
    judge: (value: T) => readonly Check[],
  ): Promise<readonly Check[]> => {
    const answer = await attempt(deps, question);
    return answer.ok ? judge(answer.value) : [unseen(name, answer.error)];
  };
  const wanted = topicsBy(specs, ({ pipeline }) => pipeline);
  const streams = declaredStreams(specs);
  const ofIndices = topicsBy(specs, ({ index, dataStream }) =>
    dataStream === null ? indexPatternOf(index) : null,
  );
  const groups = await Promise.all([
    Promise.all([cluster, found]).then(([answer, facts]) => {
      if (!answer.ok) return [unseen("health", answer.error)];
      const behind = facts.ok ? [...facts.value.values()].flatMap(({ indices }) => indices) : null;
      return judgeCluster(
        answer.value,
        (index) =>
          // Unless that is known, any index may be behind a target.
          (behind?.some(({ name }) => name === index) ?? true) ||
          specs.some((spec) => leadsTo(spec.index, index)),
      );
    }),
    look("disks", (signal) => elasticsearch.disks(signal), judgeDisks),
    look("clock", clockSkew, (skewMs) => (skewMs === null ? [] : [judgeClock(skewMs)])),
    look(
      "permissions",
      async (signal) => ({
        facts: await elasticsearch.privileges([...patterns, ...lists], manageTemplates, signal),
        moving: await movingPatterns(),
      }),
      ({ facts, moving }) => judgePrivileges(facts, moving),
    ),
    Promise.all([found, cluster]).then(([answer, facts]) => {
      if (!answer.ok) return [unseen("targets", answer.error)];
      const autoCreate = facts.ok ? facts.value.autoCreateIndex : "true";
      return onePerKind(
        [...answer.value].map(([name, target]) =>
          judgeTarget(name, target, autoCreate, held.get(targets.get(name) ?? name)),
        ),
      );
    }),
    manageTemplates && ofIndices.size > 0
      ? look(
          "index template",
          (signal) => elasticsearch.refusedTargets([...ofIndices.keys()], signal),
          (refusals) => judgeTemplate(refusals, ofIndices),
        )
      : [],
    streams.length === 0
      ? []
      : look(
          "data streams",
          (signal) => diagnoseStreams(streams, manageTemplates, elasticsearch, signal),
          (checks) => [...checks, ...(manageTemplates ? judgeRetentions(streams, held) : [])],
        ),
    fieldsThatGaveWay(),
    look(
      "failure stores",
      async (signal) => examineFailureStores(patterns, elasticsearch, signal),
      judgeFailureStores,
    ),
    wanted.size === 0
      ? []
      : look(
          "pipelines",
          (signal) => elasticsearch.pipelines(signal),
          (existing) => judgePipelines(wanted, existing),
        ),
  ]);
  return groups.flat();

  async function movingPatterns(): Promise<ReadonlySet<string>> {
    const answer = await found;
    const kinds = answer.ok ? [...answer.value] : [];
    const moving = kinds.flatMap(([name, { kind }]) =>
      kind === "alias" || kind === "data stream" ? [targets.get(name) ?? name] : [],
    );
    const declared = specs.flatMap(({ dataStream }) => dataStream ?? []);
    return new Set([...moving, ...declared].map(indexPatternOf));
  }

  async function fieldsThatGaveWay(): Promise<readonly Check[]> {
    if (specs.length === 0) return [];
    const inForce = new Map(specs.map((spec) => [spec.topic, spec]));
    const topics = [...inForce.keys()];
    const span = { fromMs: now() - dayMs, toMs: now() };
    const found = await attempt(deps, (signal) =>
      readIgnoredFields(
        { indices: searchTarget(topics, inForce, manageTemplates), topics, ...span },
        elasticsearch.ignoredFields(signal),
      ),
    );
    return judgeGaveWay(found.ok ? found.value : { fields: [], problems: [messageOf(found.error)] });
  }

  async function clockSkew(signal: AbortSignal): Promise<number | null> {
    const before = now();
    const theirs = await elasticsearch.clock(signal);
    if (theirs === null) return null;
    // It was read at some time before the answer, which may have taken seconds.
    return Math.max(0, theirs - now()) || Math.min(0, theirs - before);
  }
}

/** Groups topics by a part of their specification. */
function topicsBy(
  specs: readonly Specification[],
  part: (spec: Specification) => string | null,
): Map<string, string[]> {
  const topics = new Map<string, string[]>();
  for (const spec of specs) {
    const key = part(spec);
    if (key !== null) topics.getOrInsertComputed(key, () => []).push(spec.topic);
  }
  return topics;
}

/** Up to this many good targets get a line each; more share one. */
const NAMED_TARGETS = 20;

function onePerKind(checks: readonly Check[]): readonly Check[] {
  const well = checks.filter(({ state }) => state === "ok");
  if (well.length <= NAMED_TARGETS) return checks;
  return [
    ok(
      "targets",
      `${well.length.toLocaleString("en-US")} accept documents, or are created with the first one`,
    ),
    ...checks.filter(({ state }) => state !== "ok"),
  ];
}

function unseen(name: string, error: Error): Check {
  return warning(name, `could not be checked: ${messageOf(error)}`, remedyOf(error));
}
