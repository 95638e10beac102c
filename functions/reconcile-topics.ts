import type { Declaration, Refusal } from "../lib/rules/model/declaration.ts";
import { mergeDeclarations, type Conflict } from "../lib/rules/declarations/desired.ts";
import { withKey, type EtcdKeyText, type EtcdMemory } from "../lib/rules/declarations/etcd-memory.ts";
import { lookAgainMs, type Stillness } from "../lib/rules/declarations/patience.ts";
import { planHash } from "../lib/rules/plan/plan-hash.ts";
import { planTopics, type ObservedTopic, type Plan } from "../lib/rules/plan/plan.ts";
import { applyPlan, type Applied, type ConsumerCommands } from "./reconcile-topics/apply-plan.ts";
import {
  listTopics,
  putIntoForce,
  readConfig,
  readEtcd,
  type ConfigMemory,
  type ConfigOutcome,
  type SourceReaders,
} from "./reconcile-topics/read-sources.ts";

/** What one run hands to the next: what is in force, and what the sources last said well. */
export interface ReconcileMemory extends ConfigMemory {
  /** Null: never read. */
  readonly etcd: EtcdMemory | null;
  /** Declared topics that were once missing in Kafka: whatever is in them was written after they were declared. */
  readonly seenMissing: ReadonlySet<string>;
}

export interface ReconcileInput {
  readonly memory: ReconcileMemory;
  /** Plan and touch nothing. */
  readonly dryRun: boolean;
  /** Take what etcd says although its history changed. */
  readonly acceptEtcd: boolean;
  /** Touch nothing unless the plan has this hash; null: carry it out whatever it is. */
  readonly expectedHash: string | null;
  /** Plan as if a key of etcd held this, which makes the run a dry one; null: as etcd is. */
  readonly asIf: EtcdKeyText | null;
}

export interface ReconcileDeps extends SourceReaders, ConsumerCommands {
  observed(): ReadonlyMap<string, ObservedTopic>;
}

/** How reading a source went. */
export interface SourceReport {
  readonly ok: boolean;
  /** Null where it is ok. */
  readonly error: string | null;
  /** Declarations in force from this source. */
  readonly declarations: number;
}

export interface ReconcileResult extends Applied {
  readonly memory: ReconcileMemory;
  /** False: a dry run, or the plan was not the expected one; nothing was touched. */
  readonly carriedOut: boolean;
  readonly plan: Plan;
  /** Of the plan's effect; see planHash. */
  readonly hash: string;
  readonly conflicts: readonly Conflict[];
  readonly sources: {
    readonly config: SourceReport;
    /** `revision` is that of what is in force; null: never read. Null as a whole: etcd is not configured. */
    readonly etcd: (SourceReport & { readonly revision: number | null }) | null;
  };
  /** In how many milliseconds a source that moved may be believed as a whole; null: all were. */
  readonly lookAgainMs: number | null;
  /** Whether Kafka answered. */
  readonly kafka: { readonly ok: boolean; readonly error: string | null };
  readonly durationMs: number;
}

/**
 * Brings what runs in line with what is declared: reads every source, merges, compares, applies.
 *
 * Level-triggered: it is told that something changed, never what, so running it twice equals running it once. What
 * cannot be read keeps what it said before; only absence stops a topic.
 */
export async function reconcileTopics(input: ReconcileInput, deps: ReconcileDeps): Promise<ReconcileResult> {
  const startedAt = deps.now();
  const { memory, expectedHash } = input;
  const dry = input.dryRun || input.asIf !== null;
  // Who asks what would come of it, has looked at a plan, or accepts etcd as it is, means what is gone as well.
  const patientAtMs = dry || expectedHash !== null || input.acceptEtcd ? null : startedAt;

  let config = await readConfig(memory, patientAtMs, deps);
  let carriedOut = !dry && expectedHash === null;
  if (carriedOut) config = await putIntoForce(config, memory.settings, deps);
  let planned = await planRun({ ...input, patientAtMs }, config, deps);
  if (!dry && planned.hash === expectedHash) {
    const inForce = await putIntoForce(config, memory.settings, deps);
    // Settings that could not be put into force are refused, and without them it is another plan.
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
    lookAgainMs: lookAgainMs(
      [config.memory.stillness, ...stillnessesOf(etcd.memory)],
      patientAtMs,
      deps.now(),
    ),
    ...applied,
    durationMs: deps.now() - startedAt,
  };
}

/** Reads etcd and Kafka and compares; touches nothing. */
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
  // While Kafka does not answer, patterns go on covering what they covered.
  const merged = mergeDeclarations(declarations, kafka.topics ?? observed.keys(), settings.deadLetters.topic);
  const plan = planTopics({
    desired: merged.desired,
    observed,
    kafkaTopics: kafka.topics,
    kafkaError: kafka.error,
    refused: [...config.refused, ...etcd.refused, ...refusalsOf(etcd.memory), ...merged.refused],
    now: deps.now(),
  });
  const seenMissing = new Set([
    ...memory.seenMissing,
    ...plan.pending.filter(({ topic }) => kafka.topics?.has(topic) === false).map(({ topic }) => topic),
  ]);
  return { plan, hash: planHash(plan, settings.kafka), merged, etcd, kafka, seenMissing };
}

/** Every declaration in force, in order of precedence. */
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

function report(error: string | null, declarations: number): SourceReport {
  return { ok: error === null, error, declarations };
}
