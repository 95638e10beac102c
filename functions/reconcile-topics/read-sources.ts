import { acceptSettings, sameSettings } from "../../lib/rules/plan/accept-settings.ts";
import type { Declaration, Refusal } from "../../lib/rules/model/declaration.ts";
import { backoffMs, type BackoffRule } from "../../lib/rules/base/backoff.ts";
import { messageOf } from "../../lib/rules/base/errors.ts";
import { fingerprintOf } from "../../lib/rules/secrets/fingerprint.ts";
import { believedAtMs, lookAt, withLeaving, type Stillness } from "../../lib/rules/declarations/patience.ts";
import {
  distrust,
  rememberEtcd,
  stillListed,
  type EtcdMemory,
  type EtcdReading,
} from "../../lib/rules/declarations/etcd-memory.ts";
import type {
  ElasticsearchSettings,
  EtcdSettings,
  KafkaSettings,
  Settings,
} from "../../lib/rules/model/settings.ts";

/** The sources of declarations and settings, and the servers to check them against. */
export interface SourceReaders {
  /** The config file's path, for display. */
  readonly configPath: string;
  /** @throws PenstockError `config_unreadable` or `config_invalid` */
  readConfig(): ReadConfig;
  /** @throws PenstockError `etcd_unavailable` or `etcd_refused` */
  readEtcd(settings: EtcdSettings, signal: AbortSignal): Promise<EtcdReading>;
  /** Lists the topics in Kafka with one request. @throws PenstockError `kafka_unavailable` */
  listTopics(settings: KafkaSettings, signal: AbortSignal): Promise<ReadonlySet<string>>;
  /** @throws PenstockError unless a supported cluster answers with these settings */
  probeElasticsearch(settings: ElasticsearchSettings, signal: AbortSignal): Promise<void>;
  /** Applies settings on this host. */
  useSettings(settings: Settings): Promise<void>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<void>;
}

/** A valid config file. */
export interface ReadConfig {
  readonly settings: Settings;
  readonly declarations: readonly Declaration[];
  /** Whether the last declaration may not be completely written yet. */
  readonly lastMayGoOn: boolean;
  /** Identifies the content of the file and of the files that it names. */
  readonly content: string;
}

/** Settings that did not work. */
export interface FailedProbe {
  /** Their fingerprint. */
  readonly settings: string;
  readonly reason: string;
  /** Consecutive failures. */
  readonly count: number;
  /** When they are tried again, in milliseconds since the epoch. */
  readonly againAtMs: number;
}

/** The last good content of the config file. */
export interface ConfigMemory {
  /** The current settings, which may differ from the file's. */
  readonly settings: Settings;
  readonly declarations: readonly Declaration[];
  readonly failedProbes: readonly FailedProbe[];
  /** Null if not read since the start. */
  readonly stillness: Stillness | null;
}

/** Deadline for one question to a server. */
const STEP_DEADLINE_MS = 10_000;
/**
 * Failed settings are not tried at every trigger: a probe takes seconds, and delays the changes of all topics. But soon
 * at first: a server may know a new password a moment after the config does. Not before the login gate would admit it.
 */
const PROBE_AGAIN: BackoffRule = { initialMs: 4_000, maxMs: 30_000 };

/** How long new settings may wait for their file to settle. */
const LONGEST_WAIT_MS = 1_000;

export interface ConfigOutcome {
  readonly memory: ConfigMemory;
  readonly refused: readonly Refusal[];
  readonly error: string | null;
}

/**
 * Reads the file, and accepts those of its settings that can change at run time and work.
 *
 * While the file is still changing (see patience.ts), only new and changed topics are accepted: settings may still be
 * missing, and so may the end of the last entry.
 * @param patientAtMs now, in milliseconds since the epoch; null to believe the file as it is
 */
export async function readConfig(
  memory: ConfigMemory,
  patientAtMs: number | null,
  deps: SourceReaders,
): Promise<ConfigOutcome> {
  const { settings: running } = memory;
  let read: ReadConfig;
  let { stillness } = memory;
  let believedAt: number | null;
  try {
    read = deps.readConfig();
    stillness = lookAt(stillness, read.content, patientAtMs);
    believedAt = believedAtMs(stillness, patientAtMs);
    // Wait once for new settings: the next steps would ask the old servers, which is slow if those are down.
    if (patientAtMs !== null && believedAt !== null && !sameSettings(read.settings, running)) {
      await deps.wait(Math.min(believedAt - patientAtMs, LONGEST_WAIT_MS));
      const nowMs = deps.now();
      read = deps.readConfig();
      stillness = lookAt(stillness, read.content, nowMs);
      believedAt = believedAtMs(stillness, nowMs);
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    stillness = lookAt(stillness, "unreadable", patientAtMs);
    // Settings that cannot be read are not due again: their file is.
    return {
      memory: { ...memory, failedProbes: [], stillness },
      refused: [refusedConfig(deps, reason)],
      error: reason,
    };
  }
  const stated = believedAt !== null && read.lastMayGoOn ? read.declarations.slice(0, -1) : read.declarations;
  const declarations = withLeaving(memory.declarations, stated, believedAt);
  const accepted = acceptSettings(running, believedAt === null ? read.settings : running);
  const reasons = [...accepted.refused];
  const failedProbes: FailedProbe[] = [];
  /** @returns whether they work */
  const probe = async <T>(
    name: string,
    wanted: T,
    ask: (wanted: T, signal: AbortSignal) => Promise<unknown>,
  ) => {
    const fingerprint = fingerprintOf(wanted);
    const known = memory.failedProbes.find(({ settings }) => settings === fingerprint);
    const held = known !== undefined && deps.now() < known.againAtMs ? known : null;
    const reason = held?.reason ?? (await attempt((signal) => ask(wanted, signal)));
    if (reason === null) return true;
    failedProbes.push(held ?? failedAgain(memory, fingerprint, reason, deps.now()));
    reasons.push(`the new ${name} settings do not work, so the old ones stay: ${reason}`);
    return false;
  };

  let { settings } = accepted;
  if (
    accepted.kafkaChanged &&
    !(await probe("kafka", settings.kafka, (wanted, signal) => deps.listTopics(wanted, signal)))
  ) {
    settings = { ...settings, kafka: running.kafka };
  }
  if (
    accepted.elasticsearchChanged &&
    !(await probe("elasticsearch", settings.elasticsearch, (wanted, signal) =>
      deps.probeElasticsearch(wanted, signal),
    ))
  ) {
    settings = { ...settings, elasticsearch: running.elasticsearch };
  }
  return {
    memory: { settings, declarations, failedProbes, stillness },
    refused: reasons.map((reason) => refusedConfig(deps, reason)),
    error: reasons.length === 0 ? null : reasons.join("; "),
  };
}

/** Applies the settings. If that fails, they are refused like those that fail their probe. */
export async function applySettings(
  config: ConfigOutcome,
  before: ConfigMemory,
  deps: SourceReaders,
): Promise<ConfigOutcome> {
  const { settings, failedProbes } = config.memory;
  const failure = await attempt(() => deps.useSettings(settings));
  if (failure === null) return config;
  const reason = `the new settings cannot be applied, so the old ones stay: ${failure}`;
  const failed = failedAgain(before, fingerprintOf(settings), failure, deps.now());
  return {
    memory: { ...config.memory, settings: before.settings, failedProbes: [...failedProbes, failed] },
    refused: [...config.refused, refusedConfig(deps, reason)],
    error: config.error === null ? reason : `${config.error}; ${reason}`,
  };
}

function failedAgain(before: ConfigMemory, settings: string, reason: string, nowMs: number): FailedProbe {
  const count = 1 + (before.failedProbes.find((one) => one.settings === settings)?.count ?? 0);
  return { settings, reason, count, againAtMs: nowMs + backoffMs(PROBE_AGAIN, count, 1) };
}

function refusedConfig({ configPath }: SourceReaders, reason: string): Refusal {
  return {
    source: { kind: "config", name: configPath, revision: null },
    name: null,
    reason,
    lastGoodKept: true,
  };
}

export interface EtcdOutcome {
  readonly memory: EtcdMemory | null;
  /** The reading from which `memory` was made; null if nothing was read, or it is not believed. */
  readonly reading: EtcdReading | null;
  readonly refused: readonly Refusal[];
  readonly error: string | null;
}

/**
 * Reads etcd as configured. Keys that cannot be read or believed keep their last good values.
 * @param how `acceptAnyway`: even if its history changed; `patientAtMs`: as in readConfig
 */
export async function readEtcd(
  before: EtcdMemory | null,
  { acceptAnyway, patientAtMs }: { readonly acceptAnyway: boolean; readonly patientAtMs: number | null },
  { etcd: settings, deadLetters }: Settings,
  deps: Pick<SourceReaders, "readEtcd">,
): Promise<EtcdOutcome> {
  if (settings === null) return { memory: null, reading: null, refused: [], error: null };
  const keep = (error: string): EtcdOutcome => {
    const kept = before === null ? null : stillListed(before, settings.keys);
    const source = {
      kind: "etcd",
      name: settings.endpoints.join(", "),
      revision: kept?.revision ?? null,
    } as const;
    return {
      memory: kept,
      reading: null,
      error,
      refused: [{ source, name: null, reason: error, lastGoodKept: kept !== null }],
    };
  };
  let reading: EtcdReading;
  try {
    reading = await deps.readEtcd(settings, AbortSignal.timeout(STEP_DEADLINE_MS));
  } catch (error) {
    return keep(messageOf(error));
  }
  const doubt = acceptAnyway ? null : distrust(before, reading, settings.endpoints);
  if (doubt !== null) return keep(doubt);
  const forbidden = reading.forbidden ?? [];
  return {
    memory: rememberEtcd(before, reading, settings, deadLetters.topic, patientAtMs),
    reading,
    refused: [],
    error: forbidden.length === 0 ? null : forbidden.map(({ reason }) => reason).join("; "),
  };
}

/** @returns `topics` null if Kafka does not answer */
export async function listTopics(
  settings: KafkaSettings,
  deps: SourceReaders,
): Promise<{ topics: ReadonlySet<string> | null; error: string | null }> {
  try {
    return { topics: await deps.listTopics(settings, AbortSignal.timeout(STEP_DEADLINE_MS)), error: null };
  } catch (error) {
    return { topics: null, error: messageOf(error) };
  }
}

/** @returns why the step failed; null if it succeeded */
async function attempt(step: (signal: AbortSignal) => Promise<unknown>): Promise<string | null> {
  try {
    await step(AbortSignal.timeout(STEP_DEADLINE_MS));
    return null;
  } catch (error) {
    return messageOf(error);
  }
}
