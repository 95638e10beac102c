import { countsOf, sumOf } from "../../../functions/fleet/sums.ts";
import type { HealthResult } from "../../../functions/health.ts";
import type { ReconcileResult } from "../../../functions/reconcile-topics.ts";
import { lostOffsets } from "../../../lib/rules/offsets/position.ts";
import type { ListedTopic } from "../../../lib/rules/progress/holdings.ts";
import { isBehind } from "../../../lib/rules/progress/retention.ts";
import { seenState, type TopicStatus } from "../../../lib/rules/progress/status.ts";
import { remedyText } from "../../../lib/rules/remedies/remedy.ts";
import type {
  ChangesMessage,
  OverviewMessage,
  SourceView,
  TopicMessage,
  TopicRow,
  TopicsMessage,
} from "../../api/live-messages.ts";
import type { History } from "./history.ts";
import { verdictOf } from "./verdict.ts";
import { firstDeletion, lagOf, waitingSince } from "../topic/topic-figures.ts";

/** Input of all views: a snapshot of the host's memory. None waits for a server. */
export interface LiveInput {
  readonly at: number;
  readonly startedAt: number;
  readonly statuses: readonly TopicStatus[];
  readonly health: HealthResult;
  readonly inFlight: OverviewMessage["inFlight"];
  readonly deadLetteredAt: OverviewMessage["deadLetteredAt"];
  readonly massStop: OverviewMessage["massStop"];
  readonly sources: readonly SourceView[];
  /** The last run; null before the first. */
  readonly reconciled: Pick<ReconcileResult, "plan" | "conflicts"> | null;
  readonly history: History;
  /** Who reads the topic's partitions, as last known: somebody looks at them. */
  owners(this: void, topic: string): TopicMessage["owners"];
  /** Adds what the targets of topics hold, as last known: somebody looks at them. */
  listed(this: void, statuses: readonly TopicStatus[]): readonly ListedTopic[];
}

/** How many troubled topics and refusals the overview names; the rest are on a page of their own. */
const NAMED = 20;
const BUSIEST = 5;
/** The overview tells of it this long: it may have happened at night. */
const MASS_STOP_TOLD_MS = 86_400_000;
/** Length of a sparkline: two minutes. */
const SPARK_POINTS = 24;

export function overviewOf(input: LiveInput): OverviewMessage {
  const { at, statuses, history, reconciled, massStop } = input;
  const states: Record<TopicRow["state"], number> = {
    pending: 0,
    starting: 0,
    running: 0,
    retrying: 0,
    held: 0,
    stalled: 0,
    stopping: 0,
    failed: 0,
  };
  let lost = 0;
  let waiting: number | null = null;
  for (const status of statuses) {
    states[seenState(status)] += 1;
    for (const range of status.lost) lost += lostOffsets(range);
    const since = status.state === "held" ? null : waitingSince(status.partitions);
    if (since !== null) waiting = Math.min(waiting ?? since, since);
  }
  const refused = reconciled?.plan.refused ?? [];
  const warnings = warningsOf(input);
  const overview = {
    at,
    startedAt: input.startedAt,
    checks: input.health.checks,
    rate: history.rate,
    lag: sumOf(statuses.map(({ partitions }) => lagOf(partitions))),
    // In whole seconds, so that a quiet host sends nothing new.
    waitingMs: waiting === null ? null : Math.max(0, Math.floor((at - waiting) / 1000) * 1000),
    inFlight: input.inFlight,
    counts: countsOf(statuses.map(({ counts }) => counts)),
    lostOffsets: lost,
    states,
    notTaken: notTakenOf(statuses),
    busiest: busiestOf(statuses, history),
    attention: attentionOf(statuses, warnings, at),
    attentionCount: statuses.filter((status) => needsAttention(status, warnings, at)).length,
    sources: input.sources,
    refused: refused.slice(0, NAMED),
    refusedCount: refused.length,
    conflicts: reconciled?.conflicts.length ?? 0,
    history: history.total,
    deadLetteredAt: input.deadLetteredAt,
    massStop: massStop !== null && at - massStop.at < MASS_STOP_TOLD_MS ? massStop : null,
  };
  return { ...overview, verdict: verdictOf(overview) };
}

/** Sorted by total and not by rate, so that the order rarely changes while someone looks at it. */
function busiestOf(
  statuses: readonly TopicStatus[],
  history: Pick<History, "rateOf">,
): OverviewMessage["busiest"] {
  return statuses
    .filter(({ counts }) => counts.indexed > 0)
    .toSorted((a, b) => b.counts.indexed - a.counts.indexed)
    .slice(0, BUSIEST)
    .map((status) => {
      const { topic, index, source, rate, lag, indexed } = topicRowOf(status, history.rateOf(status.topic));
      return { topic, index, source, rate, lag, indexed };
    });
}

/** By topic, about targets that delete sooner than their topic is read. Only topics that are behind may have one. */
type Warnings = ReadonlyMap<string, string>;

function warningsOf({ at, statuses, listed }: LiveInput): Warnings {
  const behind = statuses.filter(({ partitions }) => partitions.some((one) => isBehind(one, at)));
  return new Map(
    listed(behind).flatMap(({ topic, target }) => {
      const warning = target?.warning ?? null;
      return warning === null ? [] : [[topic, warning] as const];
    }),
  );
}

function attentionOf(
  statuses: readonly TopicStatus[],
  warnings: Warnings,
  at: number,
): OverviewMessage["attention"] {
  const troubled = statuses.filter((status) => needsAttention(status, warnings, at));
  return (["failed", "stalled", "retrying", "held", "running"] as const)
    .flatMap((wanted) => troubled.filter((status) => seenState(status) === wanted))
    .slice(0, NAMED)
    .map(({ topic, state, reason, remedy, since, trouble, partitions }) => ({
      topic,
      state: seenState({ state, trouble }),
      reason,
      remedy,
      since: Date.parse(trouble?.since ?? since),
      attempts: trouble?.attempts ?? 0,
      waiting: trouble?.partitions ?? [],
      oldestAt: trouble?.oldestAt ?? null,
      lag: lagOf(partitions),
      deletableAt: firstDeletion(partitions),
      warning: warnings.get(topic) ?? null,
    }));
}

/** A failed topic sends nothing, and nothing of it is refused. */
function notTakenOf(statuses: readonly TopicStatus[]): OverviewMessage["notTaken"] {
  const refused = statuses.filter(({ state, trouble }) => state !== "failed" && (trouble?.attempts ?? 0) > 0);
  const letters = refused.filter(({ trouble }) => trouble?.code === "dead_letter_unavailable").length;
  return { elasticsearch: refused.length - letters, kafka: letters };
}

/** Of a held topic, that records are about to be lost. */
const LOSS_NEAR_MS = 86_400_000;

/** A running topic has a reason only if its retries keep failing. */
function needsAttention(
  { topic, state, reason, trouble, partitions }: TopicStatus,
  warnings: Warnings,
  at: number,
): boolean {
  if (state === "held")
    return warnings.has(topic) || (firstDeletion(partitions) ?? Infinity) < at + LOSS_NEAR_MS;
  const isTroubled = trouble !== null || reason !== null || warnings.has(topic);
  return state === "failed" || state === "stalled" || (state === "running" && isTroubled);
}

export function topicRowOf(status: TopicStatus, rate: number): TopicRow {
  const { topic, state, reason, remedy, since, trouble, sources, spec, partitions, counts } = status;
  return {
    topic,
    state: seenState({ state, trouble }),
    reason,
    remedy: remedy === null ? null : remedyText(remedy),
    since: Date.parse(since),
    source: sources[0] ?? null,
    index: spec.index,
    owned: partitions.reduce((sum, { owned }) => sum + (owned ? 1 : 0), 0),
    partitions: partitions.length,
    lag: lagOf(partitions),
    rate,
    ...counts,
  };
}

export function topicsOf(
  at: number,
  rows: ReadonlyMap<string, TopicRow>,
  history: Pick<History, "of">,
): TopicsMessage {
  const sparks: [string, readonly number[]][] = [];
  for (const topic of rows.keys()) {
    const points = history.of(topic)?.rate.slice(-SPARK_POINTS) ?? [];
    if (points.some((rate) => rate > 0)) sparks.push([topic, points]);
  }
  return { at, rows: [...rows.values()], sparks };
}

/** @returns null if nothing changed and no step ended */
export function changesBetween(
  before: ReadonlyMap<string, TopicRow>,
  after: ReadonlyMap<string, TopicRow>,
  { at, stepped }: Pick<ChangesMessage, "at" | "stepped">,
): ChangesMessage | null {
  const rows: [string, Partial<TopicRow>][] = [];
  for (const [topic, row] of after) {
    const known = before.get(topic);
    const members = known === undefined ? row : changedMembers(known, row);
    if (members !== null) rows.push([topic, members]);
  }
  const gone = [...before.keys()].filter((topic) => !after.has(topic));
  return stepped || rows.length > 0 || gone.length > 0 ? { at, stepped, rows, gone } : null;
}

function changedMembers(before: TopicRow, after: TopicRow): Partial<TopicRow> | null {
  let changed: Record<string, unknown> | null = null;
  for (const name of members) {
    if (before[name] !== after[name]) (changed ??= {})[name] = after[name];
  }
  // `source` is a new object after each run, most often with the same content.
  if (changed !== null && "source" in changed && sameSource(before.source, after.source)) {
    delete changed["source"];
    if (Object.keys(changed).length === 0) return null;
  }
  return changed;
}

/** Written out for speed: every topic is compared every second. */
const members = [
  ...(["state", "reason", "remedy", "since", "source", "index", "owned", "partitions"] as const),
  ...(["lag", "rate", "indexed", "duplicate", "deadLettered", "skipped"] as const),
] satisfies readonly (keyof TopicRow)[];

function sameSource(a: TopicRow["source"], b: TopicRow["source"]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

export function topicOf(topic: string, input: LiveInput): TopicMessage {
  const { at, statuses, reconciled, history } = input;
  const status = statuses.find((one) => one.topic === topic);
  return {
    at,
    status: status === undefined ? null : (input.listed([status])[0] ?? null),
    rate: history.rateOf(topic),
    history: history.of(topic) ?? { ...history.total, rate: [], lag: [] },
    owners: input.owners(topic),
    conflicts: reconciled?.conflicts.filter((conflict) => conflict.topic === topic) ?? [],
  };
}
