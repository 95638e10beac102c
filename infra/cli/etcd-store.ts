import {
  createDeclarationsStore,
  type DeclarationsStore,
} from "../../lib/adapters/etcd/declarations-store.ts";
import type { EtcdSettings } from "../../lib/rules/settings.ts";

/** Opens etcd for one piece of work, and closes it in any case. */
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
