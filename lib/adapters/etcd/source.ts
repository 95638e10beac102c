import type { Logger } from "../../rules/base/logger.ts";
import type { EtcdSettings } from "../../rules/model/settings.ts";
import { callEtcd, createEtcdClient, ETCD_DEADLINE_MS } from "./client.ts";
import { createDebounce } from "./debounce.ts";
import { readSnapshot, type EtcdSnapshot } from "./snapshot.ts";
import { runEtcdWatch } from "./watch.ts";

export interface EtcdSource {
  /**
   * Returns the current content of all configured keys, at one revision.
   *
   * @throws PenstockError `etcd_unavailable` (retryable) or `etcd_refused`.
   */
  read(signal: AbortSignal): Promise<EtcdSnapshot>;
  /** Ends the watches and closes all connections. `onChange` is not called afterwards. */
  stop(): Promise<void>;
}

export interface EtcdSourceOptions {
  readonly settings: EtcdSettings;
  /**
   * Called when the keys should be read again, debounced (see `createDebounce`). Connecting, reconnecting and losing
   * the watches count as events.
   */
  readonly onChange: (reason: string) => void;
  readonly logger: Logger;
  /** For one `read`. */
  readonly deadlineMs?: number;
  readonly random?: () => number;
}

/**
 * Reads and watches the declarations in etcd. Starts even if etcd is down, and survives its restarts.
 *
 * Reads and watches use separate clients, because a failed watch discards its client.
 *
 * @throws PenstockError `config_invalid` if the TLS settings contradict the endpoints.
 */
export function createEtcdSource(options: EtcdSourceOptions): EtcdSource {
  const { settings, logger, deadlineMs = ETCD_DEADLINE_MS, random = Math.random } = options;
  const client = createEtcdClient(settings);
  const stopping = new AbortController();
  const debounce = createDebounce(options.onChange);
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
