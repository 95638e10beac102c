import { createDeclarationsStore } from "../../lib/adapters/etcd/declarations-store.ts";
import type { DeclarationsEdit } from "../../lib/rules/declarations-edit.ts";
import type { EtcdSettings } from "../../lib/rules/settings.ts";
import { keyForNew, writeEdit } from "../cli/topics-write.ts";

/** Declares topics in etcd, as `bun run topics add` and `remove` do, each with a connection of its own. */
export interface Declarations {
  /** Both return when the put was sent, in milliseconds of `performance.now()`. */
  add(topic: string, path: string): Promise<number>;
  remove(topic: string): Promise<number>;
}

export function createDeclarations(settings: EtcdSettings, signal: AbortSignal): Declarations {
  async function write(edit: DeclarationsEdit): Promise<number> {
    const key = keyForNew(settings.keys, edit.target);
    const store = createDeclarationsStore(settings);
    let sentAtMs = 0;
    const timed: Pick<typeof store, "read" | "put"> = {
      read: (...args) => store.read(...args),
      put(...args) {
        sentAtMs = performance.now();
        return store.put(...args);
      },
    };
    try {
      const outcome = await writeEdit(timed, key, edit, { signal, random: Math.random });
      if (outcome.kind === "refused") throw new Error(outcome.reason);
      return sentAtMs;
    } finally {
      store.close();
    }
  }

  return {
    add: (topic, path) => write({ kind: "add", target: { kind: "topic", topic }, entry: { topic, path } }),
    remove: (topic) => write({ kind: "remove", target: { kind: "topic", topic } }),
  };
}
