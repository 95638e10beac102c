import type { Check } from "../../lib/rules/diagnosis/check.ts";
import { checksOf } from "../../lib/rules/diagnosis/check.ts";
import { judgeEndpoints, judgeKey } from "../../lib/rules/diagnosis/etcd.ts";
import type { Declaration, Refusal } from "../../lib/rules/model/declaration.ts";
import { shadowOf } from "../../lib/rules/declarations/etcd-keys.ts";
import { type EtcdReading, rememberEtcd } from "../../lib/rules/declarations/etcd-memory.ts";
import type { EtcdSettings } from "../../lib/rules/model/settings.ts";
import { attempt, attemptEach, type Bounds } from "./attempt.ts";

export interface DiagnoseEtcdDeps extends Bounds {
  /** Reads all configured keys. @throws PenstockError `etcd_unavailable` or `etcd_refused` */
  readEtcd(settings: EtcdSettings, signal: AbortSignal): Promise<EtcdReading>;
}

export interface EtcdFindings {
  readonly checks: readonly Check[];
  readonly declarations: readonly Declaration[];
  readonly refused: readonly Refusal[];
}

/** Tries every endpoint, then each listed key by itself, so that an unreadable one does not hide the others. */
export async function diagnoseEtcd(
  { etcd, deadLetterTopic }: { readonly etcd: EtcdSettings | null; readonly deadLetterTopic: string },
  deps: DiagnoseEtcdDeps,
): Promise<EtcdFindings> {
  const { skipped } = checksOf("etcd");
  if (etcd === null) {
    const check = skipped("etcd", "not configured: topics are declared only in the config file");
    return { checks: [check], declarations: [], refused: [] };
  }
  const [firstKey = ""] = etcd.keys;
  const reached = await attemptEach(deps, etcd.endpoints, (endpoint, signal) =>
    deps.readEtcd({ ...etcd, endpoints: [endpoint], keys: [firstKey] }, signal),
  );
  const checks = judgeEndpoints(reached);
  if (checks.every(({ state }) => state !== "ok")) {
    return { checks: [...checks, skipped("keys", "etcd does not answer")], declarations: [], refused: [] };
  }
  const readings = await Promise.all(
    etcd.keys.map((listed) => attempt(deps, (signal) => deps.readEtcd({ ...etcd, keys: [listed] }, signal))),
  );
  const keys: EtcdReading["keys"][number][] = [];
  const found = new Set<string>();
  for (const [place, listed] of etcd.keys.entries()) {
    const reading = readings[place];
    if (reading === undefined) continue;
    // A key that several entries cover belongs to the first that may be read.
    const own = reading.ok ? reading.value.keys.filter(({ key }) => !found.has(key)) : [];
    for (const { key } of own) found.add(key);
    const readable = etcd.keys.slice(0, place).filter((_, earlier) => readings[earlier]?.ok === true);
    checks.push(judgeKey(listed, reading.ok ? own.length : reading.error, shadowOf(listed, readable)));
    keys.push(...own);
  }
  const memory = rememberEtcd(null, { clusterId: "", revision: 0, keys }, etcd, deadLetterTopic);
  const remembered = [...memory.keys.values()];
  return {
    checks,
    declarations: remembered.flatMap(({ declarations }) => declarations),
    refused: remembered.flatMap(({ refused }) => refused),
  };
}
