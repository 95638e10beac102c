import { setTimeout as delay } from "node:timers/promises";
import { writeEdit } from "../../../functions/edit-declarations.ts";
import { withStore } from "../../../lib/adapters/etcd/declarations-store.ts";
import type { DeclarationsEdit } from "../../../lib/rules/declarations/edit.ts";
import { keyForNew } from "../../../lib/rules/declarations/etcd-keys.ts";
import type { EtcdSettings } from "../../../lib/rules/model/settings.ts";

/** Declares topics in etcd like `bun run topics add` and `remove`, with a connection for each change. */
export interface Declarations {
  /** Both return the time of sending the put, in milliseconds of `performance.now()`. */
  add(topic: string, path: string): Promise<number>;
  remove(topic: string): Promise<number>;
}

export function createDeclarations(settings: EtcdSettings, signal: AbortSignal): Declarations {
  const write = (edit: DeclarationsEdit): Promise<number> =>
    withStore(settings, async (store) => {
      let sentAtMs = 0;
      const outcome = await writeEdit(
        { key: keyForNew(settings.keys, edit.target), edit, revision: null },
        {
          signal,
          random: Math.random,
          wait: (ms, until) => delay(ms, undefined, { signal: until }),
          store: {
            read: (...args) => store.read(...args),
            put(...args) {
              sentAtMs = performance.now();
              return store.put(...args);
            },
          },
        },
      );
      if (outcome.kind === "refused") throw new Error(outcome.reason);
      return sentAtMs;
    });

  return {
    add: (topic, path) => write({ kind: "add", target: { kind: "topic", topic }, entry: { topic, path } }),
    remove: (topic) => write({ kind: "remove", target: { kind: "topic", topic } }),
  };
}
