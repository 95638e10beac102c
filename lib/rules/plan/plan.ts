import type { Refusal, SourceRef, Specification } from "../model/declaration.ts";
import type { DesiredTopic, Exclusion } from "../declarations/desired.ts";
import { specificationChanges, specificationHash, type FieldChange } from "../model/specification.ts";
import type { TopicState } from "../progress/status.ts";

/** The actual state of one topic on this host. */
export interface ObservedTopic {
  readonly spec: Specification;
  /** Its declarations as of the last run, the winner first. */
  readonly sources: readonly SourceRef[];
  readonly state: TopicState;
  /** The hash of its current specification; null while pending, and once it is stopping for good. */
  readonly hash: string | null;
  /** When a failed start may be retried, in milliseconds since the epoch. */
  readonly retryAtMs: number;
}

export interface PlannedStart {
  readonly topic: string;
  readonly source: SourceRef;
  readonly spec: Specification;
  /** Why now. */
  readonly reason: string;
}

export interface PlannedReplace extends PlannedStart {
  readonly changes: readonly FieldChange[];
}

export interface PlannedStop {
  readonly topic: string;
  /** Where it was last declared; null if unknown. */
  readonly source: SourceRef | null;
  /** The specification it was running with. */
  readonly spec: Specification;
  readonly reason: string;
}

/** Reasons of steps that happen anyway, whatever is declared; see planHash. */
export const ANOTHER_TRY = "another try";
export const STOPS_ALREADY = "no longer declared; already stopping";
/** The reason of a pending topic. */
export const MISSING = "it does not exist in Kafka; it starts once it does";
/** Reasons of kept topics that change all the same. */
export const HOLDS = "it is declared with `hold: true` now: nothing more of it is read";
export const READS = "it is no longer declared with `hold: true`: it is read again, unless an order holds it";

/** The steps of one reconcile run. Every topic is in exactly one of the first five lists. */
export interface Plan {
  readonly start: readonly PlannedStart[];
  readonly stop: readonly PlannedStop[];
  readonly replace: readonly PlannedReplace[];
  /** Left unchanged. The reason is null if it simply keeps running. */
  readonly keep: readonly { readonly topic: string; readonly reason: string | null }[];
  readonly pending: readonly {
    readonly topic: string;
    readonly source: SourceRef;
    readonly reason: string;
  }[];
  readonly refused: readonly Refusal[];
}

export interface PlanInput {
  readonly desired: ReadonlyMap<string, DesiredTopic>;
  readonly observed: ReadonlyMap<string, ObservedTopic>;
  /** The existing topics; null if Kafka did not answer. */
  readonly kafkaTopics: ReadonlySet<string> | null;
  /** Why Kafka did not answer; null if it did. */
  readonly kafkaError: string | null;
  readonly refused: readonly Refusal[];
  readonly excluded: readonly Exclusion[];
  readonly now: number;
}

/** Compares the desired and the observed state. Idempotent: planning again after applying gives nothing to do. */
export function planTopics(input: PlanInput): Plan {
  const { desired, observed, kafkaTopics, kafkaError, now } = input;
  const start: PlannedStart[] = [];
  const stop: PlannedStop[] = [];
  const replace: PlannedReplace[] = [];
  const keep: Plan["keep"][number][] = [];
  const pending: Plan["pending"][number][] = [];

  for (const [topic, { spec, sources, leavesAtMs }] of desired) {
    const [source] = sources;
    if (source === undefined) continue;
    const present = observed.get(topic);
    const hash = specificationHash(spec);
    const lives = present !== undefined && present.hash !== null && present.state !== "failed";
    const waits = present?.state === "failed" && present.hash === hash && present.retryAtMs > now;
    if (kafkaTopics !== null && !kafkaTopics.has(topic)) {
      pending.push({ topic, source, reason: MISSING });
    } else if (lives) {
      if (present.hash === hash) {
        const reason =
          reasonToKeep(source, leavesAtMs) ??
          holdChange(present.spec, spec) ??
          pathChange(present.spec, spec);
        keep.push({ topic, reason });
      }
      // If stopped now, it could not start again.
      else if (kafkaTopics === null) keep.push({ topic, reason: "changed; replaced once Kafka answers" });
      else replace.push({ topic, source, spec, ...reasonToReplace(present.spec, spec) });
    } else if (kafkaTopics === null) {
      const reason = `unknown whether it exists: ${kafkaError ?? "Kafka does not answer"}`;
      pending.push({ topic, source, reason });
    } else if (waits) {
      const retryAt = new Date(present.retryAtMs).toISOString();
      keep.push({ topic, reason: `its start failed; next try at ${retryAt}` });
    } else {
      const again = present?.state === "failed" && present.hash === hash;
      start.push({ topic, source, spec, reason: again ? ANOTHER_TRY : "declared" });
    }
  }
  const reasons = reasonsToStop(input.excluded);
  for (const [topic, { spec, sources, state, hash }] of observed) {
    if (desired.has(topic)) continue;
    const stops = state === "stopping" && hash === null;
    const reason = stops ? STOPS_ALREADY : (reasons.get(topic) ?? "no longer declared");
    stop.push({ topic, source: sources[0] ?? null, spec, reason });
  }
  return { start, stop, replace, keep, pending, refused: input.refused };
}

/** By topic that some pattern excludes. */
function reasonsToStop(excluded: readonly Exclusion[]): ReadonlyMap<string, string> {
  return new Map(
    excluded.flatMap(({ pattern, globs }) =>
      globs.flatMap(({ glob, topics }) => {
        const reason = `no longer declared: pattern "${pattern}" excludes "${glob}"`;
        return topics.map((topic) => [topic, reason] as const);
      }),
    ),
  );
}

/** What a changed `hold` does, without another start. */
function holdChange(from: Specification, to: Specification): string | null {
  if (from.hold === to.hold) return null;
  return to.hold ? HOLDS : READS;
}

function reasonToKeep({ kind, name }: SourceRef, leavesAtMs: number | undefined): string | null {
  if (leavesAtMs === undefined) return null;
  const where = kind === "etcd" ? `etcd key "${name}"` : name;
  return `${where} no longer declares it; the removal takes effect at ${new Date(leavesAtMs).toISOString()} if the source stays unchanged until then`;
}

/** The only setting that a running topic takes over. */
function pathChange({ path: from }: Specification, { path: to }: Specification): string | null {
  if (from === to) return null;
  return `log.file.path becomes ${to === null ? "unset" : `"${to}"`} for the records to come, without a restart`;
}

function reasonToReplace(from: Specification, to: Specification): Pick<PlannedReplace, "changes" | "reason"> {
  const changes = specificationChanges(from, to);
  return { changes, reason: `changed: ${changes.map(({ field }) => field).join(", ")}` };
}
