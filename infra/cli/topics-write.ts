import { setTimeout as delay } from "node:timers/promises";
import type { DeclarationsStore } from "../../lib/adapters/etcd/declarations-store.ts";
import { backoffMs, type BackoffRule } from "../../lib/rules/backoff.ts";
import type { DeclarationTarget } from "../../lib/rules/declaration.ts";
import { editDeclarations, nameOf, type DeclarationsEdit } from "../../lib/rules/declarations-edit.ts";
import { PenstockError } from "../../lib/rules/errors.ts";

/** How often a write that lost against another one is tried; each round, one of all writers wins. */
const WRITE_TRIES = 50;
const WRITE_BACKOFF: BackoffRule = { initialMs: 10, maxMs: 250 };

/** What became of an edit; `refused` says in one sentence why nothing was written. */
export type WriteOutcome =
  | {
      readonly kind: "added" | "replaced" | "removed" | "unchanged";
      readonly key: string;
      readonly revision: number;
    }
  | { readonly kind: "refused"; readonly reason: string };

/** The key a new declaration goes to: the first exact one, else one of its own below the first prefix. */
export function keyForNew(listed: readonly string[], target: DeclarationTarget): string {
  return listed.find((key) => !key.endsWith("/")) ?? `${listed[0] ?? ""}${nameOf(target)}`;
}

/**
 * Edits one key by compare and put. A lost race is tried again on what stands then, so no writer's entry is ever lost.
 *
 * @throws PenstockError `etcd_unavailable`, `etcd_refused`, or `etcd_conflict` after 50 lost races.
 */
export async function writeEdit(
  store: Pick<DeclarationsStore, "read" | "put">,
  key: string,
  edit: DeclarationsEdit,
  { signal, random }: { signal: AbortSignal; random: () => number },
): Promise<WriteOutcome> {
  for (let attempt = 1; ; attempt += 1) {
    const stored = await store.read(key, signal);
    const result = editDeclarations(stored.value, edit);
    if (stored.problem !== null) return refused(key, stored.problem);
    if (result.kind === "refused") return refused(key, result.reason);
    if (result.kind === "unchanged") return { kind: "unchanged", key, revision: stored.modRevision };
    try {
      return {
        kind: result.how,
        key,
        revision: await store.put(key, result.text, stored.modRevision, signal),
      };
    } catch (error) {
      const lost = error instanceof PenstockError && error.code === "etcd_conflict";
      if (!lost || attempt >= WRITE_TRIES) throw error;
    }
    await delay(backoffMs(WRITE_BACKOFF, attempt, random()), undefined, { signal });
  }
}

/** The configured keys that declare the target, in order of precedence. */
export async function keysDeclaring(
  store: Pick<DeclarationsStore, "list">,
  target: DeclarationTarget,
  signal: AbortSignal,
): Promise<string[]> {
  const { keys } = await store.list(signal);
  const declares = (value: string | null) =>
    value !== null && editDeclarations(value, { kind: "remove", target }).kind === "changed";
  return keys.filter(({ value }) => declares(value)).map(({ key }) => key);
}

function refused(key: string, reason: string): WriteOutcome {
  return { kind: "refused", reason: `etcd key "${key}" was not changed: ${reason}` };
}
