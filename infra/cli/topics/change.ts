import { setTimeout as delay } from "node:timers/promises";
import { writeEdit, type WrittenEdit } from "../../../functions/edit-declarations.ts";
import { withStore, type DeclarationsStore } from "../../../lib/adapters/etcd/declarations-store.ts";
import { nameOf, type DeclarationsEdit } from "../../../lib/rules/declarations/edit.ts";
import type { DeclarationTarget } from "../../../lib/rules/model/declaration.ts";
import { PenstockError } from "../../../lib/rules/base/errors.ts";
import type { EtcdSettings } from "../../../lib/rules/model/settings.ts";
import { ExitCode } from "../kit/exit-code.ts";
import type { LoadedConfig } from "../kit/load-config.ts";
import type { TopicsIo } from "./verb.ts";

/** A change of one etcd key, as a verb asks for it. */
export interface KeyChange {
  readonly target: DeclarationTarget;
  readonly json: boolean;
  /** Chooses the key and the edit. @throws Error, one sentence why it is refused */
  decide(
    store: DeclarationsStore,
    etcd: EtcdSettings,
  ): Promise<{ readonly key: string; readonly edit: DeclarationsEdit }>;
}

/** Writes the change to etcd in one transaction and prints what was done. @returns the exit code @throws Error if refused */
export async function changeKey(change: KeyChange, config: LoadedConfig, io: TopicsIo): Promise<number> {
  const { etcd } = config.settings;
  const { target, json } = change;
  if (etcd === null) {
    throw new PenstockError(
      "config_invalid",
      `${config.file} has no etcd section, but topics are added to etcd`,
    );
  }
  const outcome = await withStore(etcd, async (store) => {
    const { key, edit } = await change.decide(store, etcd);
    const wait = (ms: number, until: AbortSignal) => delay(ms, undefined, { signal: until });
    const { random, signal } = io;
    return writeEdit({ key, edit, revision: null }, { store, wait, random, signal });
  });
  if (outcome.kind === "refused") throw new Error(outcome.reason);
  const { action, key, revision } = outcome;
  io.out(
    json
      ? `${JSON.stringify({ action, [target.kind]: nameOf(target), key, revision })}\n`
      : `${sentenceOf(outcome, target)}\n`,
  );
  return ExitCode.done;
}

/** Whether the config file itself declares the target. */
export function declaredInConfig({ declarations }: LoadedConfig, target: DeclarationTarget): boolean {
  return declarations.some((one) => one.target.kind === target.kind && nameOf(one.target) === nameOf(target));
}

function sentenceOf(outcome: WrittenEdit, target: DeclarationTarget): string {
  const name = `"${nameOf(target)}"`;
  const where = `etcd key "${outcome.key}" (revision ${outcome.revision})`;
  const sentences = {
    added: `Added ${name} to ${where}.`,
    replaced: `Replaced ${name} in ${where}.`,
    removed: `Removed ${name} from ${where}.`,
    unchanged: `Nothing to do: ${where} already declares ${name} like this.`,
  };
  return sentences[outcome.action];
}
