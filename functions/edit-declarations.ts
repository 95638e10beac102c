import { backoffMs, type BackoffRule } from "../lib/rules/base/backoff.ts";
import type { DeclarationsRequest } from "../lib/rules/declarations/edit-request.ts";
import type { DeclarationTarget } from "../lib/rules/model/declaration.ts";
import { listRefusal } from "../lib/rules/declarations/etcd-value.ts";
import { editDeclarations } from "../lib/rules/declarations/edit.ts";
import { PenstockError } from "../lib/rules/base/errors.ts";
import type { EtcdReading } from "../lib/rules/declarations/etcd-memory.ts";

/** Reads and writes one key of etcd; part of `DeclarationsStore`. */
export interface EditStore {
  read(
    key: string,
    signal: AbortSignal,
  ): Promise<{
    readonly value: string | null;
    readonly problem: string | null;
    readonly modRevision: number;
  }>;
  put(key: string, value: string, expectedRevision: number, signal: AbortSignal): Promise<number>;
}

export interface EditDeps {
  readonly store: EditStore;
  /** @throws the signal's reason */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  /** In [0, 1). */
  random(): number;
  readonly signal: AbortSignal;
}

/** An edit that can be made. */
export interface PlannedEdit {
  readonly kind: "planned";
  readonly key: string;
  /** The revision of `before`; 0 if the key is absent. */
  readonly revision: number;
  readonly action: EditAction;
  /** Null if the key is absent. */
  readonly before: string | null;
  readonly after: string;
}

export type EditAction = "added" | "replaced" | "removed" | "unchanged";

/** An edit that cannot be made. */
export interface RefusedEdit {
  readonly kind: "refused";
  /** The part of the edit that the reason is about. */
  readonly about: "key" | "target" | "declaration";
  /** One sentence. */
  readonly reason: string;
}

/** Another writer changed the key since the editor read it. This is its current content. */
export interface LostEdit {
  readonly kind: "lost";
  readonly key: string;
  readonly revision: number;
  /** Null if the key is absent or contains no text. */
  readonly text: string | null;
}

export interface WrittenEdit {
  readonly kind: "written";
  readonly key: string;
  readonly revision: number;
  readonly action: EditAction;
}

/** How often to try a write that loses races. In each round, one of the writers wins. */
const WRITE_TRIES = 50;
const WRITE_BACKOFF: BackoffRule = { initialMs: 10, maxMs: 250 };

/**
 * Returns what an edit would change. Writes nothing.
 *
 * @throws PenstockError `etcd_unavailable` or `etcd_refused`
 */
export async function planEdit(
  { key, edit, revision }: DeclarationsRequest,
  { store, signal }: Pick<EditDeps, "signal"> & { readonly store: Pick<EditStore, "read"> },
): Promise<PlannedEdit | RefusedEdit | LostEdit> {
  const refused = (about: RefusedEdit["about"], reason: string): RefusedEdit => ({
    kind: "refused",
    about,
    reason: `etcd key "${key}" was not changed: ${reason}`,
  });
  const { value, problem, modRevision } = await store.read(key, signal);
  if (revision !== null && revision !== modRevision) {
    return { kind: "lost", key, revision: modRevision, text: value };
  }
  if (problem !== null) return refused("key", problem);
  const result = editDeclarations(value, edit);
  if (result.kind === "refused") return refused(result.about, result.reason);
  const found = { kind: "planned", key, revision: modRevision, before: value } as const;
  if (result.kind === "unchanged") return { ...found, action: "unchanged", after: value ?? "[]" };
  const tooMuch = listRefusal(result.text);
  if (tooMuch !== null) return refused("key", `hosts would refuse its new value: ${tooMuch}`);
  return { ...found, action: result.how, after: result.text };
}

/**
 * Edits one key by compare-and-put, so no writer's entry is ever lost. If another writer was faster, an edit with a
 * revision ends as lost; one without a revision is tried again on the new value.
 *
 * @throws PenstockError `etcd_unavailable`, `etcd_refused`, or `etcd_conflict` after 50 lost races.
 */
export function writeEdit(
  input: DeclarationsRequest & { readonly revision: null },
  deps: EditDeps,
): Promise<WrittenEdit | RefusedEdit>;
export function writeEdit(
  input: DeclarationsRequest,
  deps: EditDeps,
): Promise<WrittenEdit | RefusedEdit | LostEdit>;
export async function writeEdit(
  input: DeclarationsRequest,
  deps: EditDeps,
): Promise<WrittenEdit | RefusedEdit | LostEdit> {
  const { store, signal } = deps;
  for (let attempt = 1; ; attempt += 1) {
    const planned = await planEdit(input, deps);
    if (planned.kind !== "planned") return planned;
    const { key, revision, action, after } = planned;
    if (action === "unchanged") return { kind: "written", key, revision, action };
    try {
      const written = await store.put(key, after, revision, signal);
      return { kind: "written", key, revision: written, action };
    } catch (error) {
      const lost = error instanceof PenstockError && error.code === "etcd_conflict";
      if (!lost || attempt >= WRITE_TRIES) throw error;
    }
    await deps.wait(backoffMs(WRITE_BACKOFF, attempt, deps.random()), signal);
  }
}

/** The configured keys that declare the target, in order of precedence. */
export async function keysDeclaring(
  store: { list(signal: AbortSignal): Promise<EtcdReading> },
  target: DeclarationTarget,
  signal: AbortSignal,
): Promise<string[]> {
  const { keys } = await store.list(signal);
  const declares = (value: string | null) =>
    value !== null && editDeclarations(value, { kind: "remove", target }).kind === "changed";
  return keys.filter(({ value }) => declares(value)).map(({ key }) => key);
}
