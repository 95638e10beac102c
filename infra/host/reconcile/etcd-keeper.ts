import { createEtcdSource, type EtcdSource } from "../../../lib/adapters/etcd/source.ts";
import { fingerprintOf } from "../../../lib/rules/secrets/fingerprint.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";
import type { EtcdReading } from "../../../lib/rules/declarations/etcd-memory.ts";
import type { EtcdSettings } from "../../../lib/rules/model/settings.ts";

/** Keeps one client and one set of watches for the current etcd settings. */
export interface EtcdKeeper {
  /** Reads with these settings, whether or not they are the current ones. */
  read(settings: EtcdSettings, signal: AbortSignal): Promise<EtcdReading>;
  /** Watches with these settings from now on; null stops watching. */
  use(settings: EtcdSettings | null): Promise<void>;
  close(): Promise<void>;
}

export function createEtcdKeeper(onChange: (reason: string) => void, logger: Logger): EtcdKeeper {
  let watching: { readonly key: string; readonly source: EtcdSource } | null = null;
  const open = (settings: EtcdSettings, listener: (reason: string) => void): EtcdSource =>
    createEtcdSource({ settings, onChange: listener, logger });

  return {
    async read(settings, signal) {
      if (watching?.key === fingerprintOf(settings)) return watching.source.read(signal);
      const probe = open(settings, () => {});
      try {
        return await probe.read(signal);
      } finally {
        await probe.stop();
      }
    },
    async use(settings) {
      const key = settings === null ? null : fingerprintOf(settings);
      if (key === (watching?.key ?? null)) return;
      const old = watching;
      watching = settings === null || key === null ? null : { key, source: open(settings, onChange) };
      await old?.source.stop();
    },
    async close() {
      await watching?.source.stop();
      watching = null;
    },
  };
}
