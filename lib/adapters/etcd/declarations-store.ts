import { PenstockError } from "../../rules/base/errors.ts";
import type { EtcdSettings } from "../../rules/model/settings.ts";
import { callEtcd, createEtcdClient } from "./client.ts";
import { isPermissionDenied, permissionText } from "./errors.ts";
import { readSnapshot, textOf, type EtcdSnapshot } from "./snapshot.ts";

/** The content of one key; an absent key has a null value, no problem and revision 0. */
export interface StoredDeclarations {
  readonly value: string | null;
  /** Set if the value exists but is not text; it must not be overwritten. */
  readonly problem: string | null;
  readonly modRevision: number;
}

/** Reads and writes declarations in etcd. Calls take at most 10 s and throw `etcd_unavailable` or `etcd_refused`. */
export interface DeclarationsStore {
  /**
   * Returns all configured keys at one revision.
   *
   * @param orPart true: skips keys we may not read, unless that is all of them; false: those fail with `etcd_refused`
   */
  list(signal: AbortSignal, orPart?: boolean): Promise<EtcdSnapshot>;
  read(key: string, signal: AbortSignal): Promise<StoredDeclarations>;
  /**
   * Puts the value if the key's mod revision is still the expected one (0: absent). Returns the new mod revision.
   *
   * @throws PenstockError `etcd_conflict` (retryable) if the key changed in between.
   */
  put(key: string, value: string, expectedRevision: number, signal: AbortSignal): Promise<number>;
  close(): void;
}

export function createDeclarationsStore(settings: EtcdSettings): DeclarationsStore {
  const client = createEtcdClient(settings);
  /** Names the key and the permission: etcd's error says only "permission denied". */
  const naming = async <T>(asked: Promise<T>, key: string, permission: "read" | "readwrite"): Promise<T> => {
    try {
      return await asked;
    } catch (error) {
      if (!isPermissionDenied(error)) throw error;
      throw new PenstockError("etcd_refused", permissionText(`the key "${key}"`, permission, settings.auth), {
        cause: error,
      });
    }
  };
  return {
    list: (signal, orPart = false) =>
      callEtcd(client, settings, signal, async (etcd) => {
        const snapshot = await readSnapshot(etcd, settings, signal);
        if (orPart || snapshot.forbidden.length === 0) return snapshot;
        const reasons = snapshot.forbidden.map(({ reason }) => reason);
        throw new PenstockError("etcd_refused", reasons.join("; "));
      }),

    read: (key, signal) =>
      callEtcd(client, settings, signal, async (etcd) => {
        const asked = etcd.kv.range({ key: Buffer.from(key), serializable: false });
        const { kvs } = await naming(asked, key, "read");
        const kv = kvs[0];
        return kv
          ? { ...textOf(kv.value), modRevision: Number(kv.mod_revision) }
          : { value: null, problem: null, modRevision: 0 };
      }),

    put: (key, value, expectedRevision, signal) =>
      callEtcd(client, settings, signal, async (etcd) => {
        const bytes = { key: Buffer.from(key), value: Buffer.from(value) };
        const answer = await naming(
          etcd.kv.txn({
            // An absent key compares as mod revision 0.
            compare: [{ key: bytes.key, target: "Mod", result: "Equal", mod_revision: expectedRevision }],
            success: [{ request_put: bytes }],
            failure: [{ request_range: { key: bytes.key } }],
          }),
          key,
          "readwrite",
        );
        if (answer.succeeded) return Number(answer.header.revision);
        const now = answer.responses[0]?.response_range.kvs[0];
        // If the connection broke after etcd wrote, the retried request finds our own value.
        if (now?.value.equals(bytes.value)) return Number(now.mod_revision);
        throw new PenstockError("etcd_conflict", `etcd key "${key}" was changed in the meantime`, {
          retryable: true,
        });
      }),

    close: () => client.close(),
  };
}

/** Opens a store for one operation and always closes it. */
export async function withStore<T>(
  settings: EtcdSettings,
  use: (store: DeclarationsStore) => Promise<T>,
): Promise<T> {
  const store = createDeclarationsStore(settings);
  try {
    return await use(store);
  } finally {
    store.close();
  }
}
