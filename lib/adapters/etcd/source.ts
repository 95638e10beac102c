import type { Logger } from "../../rules/base/logger.ts";
import type { EtcdSettings } from "../../rules/model/settings.ts";
import { callEtcd, createEtcdClient, ETCD_DEADLINE_MS } from "./client.ts";
import { createDebounce, systemTimers, type Timers } from "./debounce.ts";
import { readSnapshot, type EtcdSnapshot } from "./snapshot.ts";
import { runEtcdWatch } from "./watch.ts";

export interface EtcdSource {
  /**
   * Everything the configured keys hold now, at one revision.
   *
   * @throws PenstockError `etcd_unavailable` (retryable) or `etcd_refused`.
   */
  read(signal: AbortSignal): Promise<EtcdSnapshot>;
  /** Ends the watches and closes every connection; no `onChange` afterwards. */
  stop(): Promise<void>;
}

export interface EtcdSourceOptions {
  readonly settings: EtcdSettings;
  /**
   * The trigger to read again: at once after a silence, else 50 ms after the last event, at most 250 ms after the first that waits.
   * Each (re)connection counts as one, and so does the loss of the watches.
   */
  readonly onChange: (reason: string) => void;
  readonly logger: Logger;
  /** For one `read`. */
  readonly deadlineMs?: number;
  readonly timers?: Timers;
  readonly random?: () => number;
}

/**
 * The declarations in etcd: reads them and watches them. Comes up whether or not etcd does, and survives its restarts.
 *
 * Reads and watches have a client each, as a watch that fails takes its client with it.
 *
 * @throws PenstockError `config_invalid` where the TLS settings contradict the endpoints.
 */
export function createEtcdSource(options: EtcdSourceOptions): EtcdSource {
  const {
    settings,
    logger,
    deadlineMs = ETCD_DEADLINE_MS,
    timers = systemTimers,
    random = Math.random,
  } = options;
  const client = createEtcdClient(settings);
  const stopping = new AbortController();
  const debounce = createDebounce(options.onChange, { timers });
  const watching = runEtcdWatch({ settings, onChange: debounce.trigger, logger, random }, stopping.signal);
  return {
    read: (signal) => {
      const either = AbortSignal.any([signal, stopping.signal]);
      return callEtcd(client, settings, either, (etcd) => readSnapshot(etcd, settings, either), deadlineMs);
    },
    stop: async () => {
      stopping.abort();
      debounce.stop();
      await watching;
      client.close();
    },
  };
}
