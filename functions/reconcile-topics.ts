import type { Declaration, Refusal } from "../lib/rules/model/declaration.ts";
import { mergeDeclarations, tellExclusion } from "../lib/rules/declarations/desired.ts";
import { withKey, type EtcdKeyText, type EtcdMemory } from "../lib/rules/declarations/etcd-memory.ts";
import { lookAgainMs, type Stillness } from "../lib/rules/declarations/patience.ts";
import { planHash } from "../lib/rules/plan/plan-hash.ts";
import { planTopics, type ObservedTopic } from "../lib/rules/plan/plan.ts";
import type { Preview } from "./preview-plan.ts";
import { applyPlan, type Applied, type ConsumerCommands } from "./reconcile-topics/apply-plan.ts";
import {
  listTopics,
  applySettings,
  readConfig,
  readEtcd,
  type ConfigMemory,
  type ConfigOutcome,
  type SourceReaders,
} from "./reconcile-topics/read-sources.ts";

/** The state passed from one run to the next: the current settings, and the last good values of the sources. */
export interface ReconcileMemory extends ConfigMemory {
  /** Null if never read. */
  readonly etcd: EtcdMemory | null;
  /** Declared topics that were once missing in Kafka. All their records were written after the declaration. */
  readonly seenMissing: ReadonlySet<string>;
}

export interface ReconcileInput {
  readonly memory: ReconcileMemory;
  /** Plan, but change nothing. */
  readonly dryRun: boolean;
  /** Accept etcd's content even if its history changed. */
  readonly acceptEtcd: boolean;
  /** Change nothing unless the plan has this hash; null to carry out any plan. */
  readonly expectedHash: string | null;
  /** Plan as if a key of etcd had this value, which implies a dry run; null for etcd as it is. */
  readonly asIf: EtcdKeyText | null;
}

export interface ReconcileDeps extends SourceReaders, ConsumerCommands {
  observed(): ReadonlyMap<string, ObservedTopic>;
}

/** The result of reading a source. */
export interface SourceReport {
  readonly ok: boolean;
  /** Null if ok. */
  readonly error: string | null;
  /** The number of current declarations from this source. */
  readonly declarations: number;
}

export interface ReconcileResult extends Applied, Preview {
  readonly memory: ReconcileMemory;
  /** False for a dry run or an unexpected plan: nothing was changed. */
  readonly carriedOut: boolean;
  /** The hash of the plan's effect; see planHash. */
  readonly hash: string;
  readonly sources: {
    readonly config: SourceReport;
    /** `revision` belongs to the current values; null if never read. Null as a whole if etcd is not configured. */
    readonly etcd: (SourceReport & { readonly revision: number | null }) | null;
  };
  /** In how many milliseconds a changing source can be believed or refused settings are due again; null if none. */
  readonly lookAgainMs: number | null;
  /** Whether Kafka answered. */
  readonly kafka: { readonly ok: boolean; readonly error: string | null };
  readonly durationMs: number;
}

/**
 * Makes the running topics match the declarations: reads every source, merges, compares, applies.
 *
 * Level-triggered: the trigger says that something changed, never what, so running it twice equals running it once. A
 * source that cannot be read keeps its last good value. Only absence stops a topic.
 */
export async function reconcileTopics(input: ReconcileInput, deps: ReconcileDeps): Promise<ReconcileResult> {
  const startedAt = deps.now();
  const { memory, expectedHash } = input;
  const dry = input.dryRun || input.asIf !== null;
  // A dry run, a reviewed plan or accepting etcd as it is includes removals, so do not wait for the sources to settle.
  const patientAtMs = dry || expectedHash !== null || input.acceptEtcd ? null : startedAt;

  let config = await readConfig(memory, patientAtMs, deps);
  let carriedOut = !dry && expectedHash === null;
  if (carriedOut) config = await applySettings(config, memory, deps);
  let planned = await planRun({ ...input, patientAtMs }, config, deps);
  if (!dry && planned.hash === expectedHash) {
    const inForce = await applySettings(config, memory, deps);
    // Settings that could not be applied are refused, which may change the plan.
    if (inForce !== config) planned = await planRun({ ...input, patientAtMs }, inForce, deps);
    config = inForce;
    carriedOut = planned.hash === expectedHash;
  }

  const { settings } = config.memory;
  const { plan, hash, merged, etcd, kafka, seenMissing } = planned;
  let applied: Applied = { started: [], stopped: [], replaced: [], failed: [], interrupted: false };
  if (carriedOut) {
    applied = await applyPlan({ plan, desired: merged.desired, seenMissing }, deps);
  }
  return {
    memory: {
      ...config.memory,
      etcd: etcd.memory,
      seenMissing: new Set([...seenMissing].filter((topic) => merged.desired.has(topic))),
    },
    carriedOut,
    plan,
    hash,
    conflicts: merged.conflicts,
    excluded: merged.excluded.map(tellExclusion),
    sources: {
      config: report(config.error, config.memory.declarations.length),
      etcd:
        settings.etcd === null
          ? null
          : {
              ...report(etcd.error, declarationsOf(etcd.memory).length),
              revision: etcd.memory?.revision ?? null,
            },
    },
    kafka: { ok: kafka.error === null, error: kafka.error },
    lookAgainMs: soonest([
      lookAgainMs([config.memory.stillness, ...stillnessesOf(etcd.memory)], patientAtMs, deps.now()),
      ...config.memory.failedProbes.map(({ againAtMs }) => Math.max(0, againAtMs - deps.now())),
    ]),
    ...applied,
    durationMs: deps.now() - startedAt,
  };
}

/** Reads etcd and Kafka and compares. Changes nothing. */
async function planRun(
  { memory, acceptEtcd, asIf, patientAtMs }: ReconcileInput & { readonly patientAtMs: number | null },
  config: ConfigOutcome,
  deps: ReconcileDeps,
) {
  const { settings } = config.memory;
  const readers: SourceReaders = {
    ...deps,
    readEtcd: async (wanted, signal) => withKey(await deps.readEtcd(wanted, signal), wanted.keys, asIf),
  };
  const [etcd, kafka] = await Promise.all([
    readEtcd(memory.etcd, { acceptAnyway: acceptEtcd, patientAtMs }, settings, readers),
    listTopics(settings.kafka, deps),
  ]);
  const declarations = [...config.memory.declarations, ...declarationsOf(etcd.memory)];
  const observed = deps.observed();
  // While Kafka does not answer, patterns keep the topics that they matched before.
  const merged = mergeDeclarations(declarations, kafka.topics ?? observed.keys(), settings.deadLetters.topic);
  const plan = planTopics({
    desired: merged.desired,
    observed,
    kafkaTopics: kafka.topics,
    kafkaError: kafka.error,
    refused: [...config.refused, ...etcd.refused, ...refusalsOf(etcd.memory), ...merged.refused],
    excluded: merged.excluded,
    now: deps.now(),
  });
  const seenMissing = new Set([
    ...memory.seenMissing,
    ...plan.pending.filter(({ topic }) => kafka.topics?.has(topic) === false).map(({ topic }) => topic),
  ]);
  return { plan, hash: planHash(plan, settings.kafka), merged, etcd, kafka, seenMissing };
}

/** All current declarations, in order of precedence. */
export function declarationsInForce({ declarations, etcd }: ReconcileMemory): readonly Declaration[] {
  return [...declarations, ...declarationsOf(etcd)];
}

function declarationsOf(memory: EtcdMemory | null): readonly Declaration[] {
  return memory === null ? [] : [...memory.keys.values()].flatMap(({ declarations }) => declarations);
}

function refusalsOf(memory: EtcdMemory | null): readonly Refusal[] {
  return memory === null ? [] : [...memory.keys.values()].flatMap(({ refused }) => refused);
}

function stillnessesOf(memory: EtcdMemory | null): readonly Stillness[] {
  return memory === null ? [] : [...memory.keys.values()].map(({ stillness }) => stillness);
}

function soonest(times: readonly (number | null)[]): number | null {
  const known = times.filter((ms) => ms !== null);
  return known.length === 0 ? null : Math.min(...known);
}

function report(error: string | null, declarations: number): SourceReport {
  return { ok: error === null, error, declarations };
}
