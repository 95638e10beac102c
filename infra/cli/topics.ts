import { setTimeout as delay } from "node:timers/promises";
import {
  keysDeclaring,
  writeEdit,
  type RefusedEdit,
  type WrittenEdit,
} from "../../functions/edit-declarations.ts";
import { withStore, type DeclarationsStore } from "../../lib/adapters/etcd/declarations-store.ts";
import type { DeclarationTarget } from "../../lib/rules/model/declaration.ts";
import { entryRefusals } from "../../lib/rules/declarations/etcd-value.ts";
import { nameOf, type DeclarationsEdit } from "../../lib/rules/declarations/edit.ts";
import { PenstockError } from "../../lib/rules/base/errors.ts";
import { keyForNew, placeOf } from "../../lib/rules/declarations/etcd-keys.ts";
import type { EtcdSettings } from "../../lib/rules/model/settings.ts";
import { wantsJson } from "./kit/arguments.ts";
import { runCommand, type CommandIo } from "./kit/command-io.ts";
import { ExitCode } from "./kit/exit-code.ts";
import { reportFailure } from "./kit/failure.ts";
import { loadConfig, type LoadedConfig } from "./kit/load-config.ts";
import {
  parseTopicsArguments,
  TOPICS_HELP,
  type AddCommand,
  type KibanaCommand,
  type RemoveCommand,
} from "./topics/arguments.ts";
import { writeKibanaObjects } from "./topics/kibana.ts";
import { formatListing, listingAsJson, listTopics, type TopicsListing } from "./topics/list.ts";
import { printError } from "./kit/terminal.ts";

type WriteOutcome = WrittenEdit | Pick<RefusedEdit, "kind" | "reason">;

/** The surroundings of the command. */
export interface TopicsIo extends Pick<CommandIo, "environment" | "out" | "signal" | "random"> {
  readonly error: (text: string) => void;
}

/** `bun run topics`: runs one command and returns the exit code; never throws. */
export async function main(argv: readonly string[], io: TopicsIo): Promise<number> {
  try {
    const command = parseTopicsArguments(argv);
    if (command.kind === "help") {
      io.out(TOPICS_HELP);
      return ExitCode.done;
    }
    const config = loadConfig(command.config, io.environment);
    if (command.kind === "list") return await list(config, command.json, io);
    if (command.kind === "kibana") return await kibana(config, command, io);
    return await change(command, config, io);
  } catch (error) {
    return reportFailure(error, { help: TOPICS_HELP, json: wantsJson(argv), write: io.error });
  }
}

/** If etcd cannot be read, still lists the config file's topics; the list is incomplete then, and the command fails. */
async function list(config: LoadedConfig, json: boolean, io: TopicsIo): Promise<number> {
  const print = (listing: TopicsListing) => io.out(json ? listingAsJson(listing) : formatListing(listing));
  try {
    print(await readListing(config, io));
    return ExitCode.done;
  } catch (error) {
    if (io.signal.aborted) throw error;
    print({ declarations: config.declarations, refusals: [] });
    if (!json) io.error("Note: the list shows only the config file, because etcd cannot be read:\n");
    throw error;
  }
}

async function kibana(config: LoadedConfig, command: KibanaCommand, io: TopicsIo): Promise<number> {
  const listing = await readListing(config, io);
  await writeKibanaObjects(listing, config.settings.deadLetters.topic, command, io);
  return ExitCode.done;
}

async function readListing(
  { settings, declarations }: LoadedConfig,
  { signal, error }: TopicsIo,
): Promise<TopicsListing> {
  const { etcd, deadLetters } = settings;
  const snapshot = etcd === null ? null : await withStore(etcd, (store) => store.list(signal, true));
  for (const { reason } of snapshot?.forbidden ?? []) error(`Note: the list is incomplete: ${reason}\n`);
  return listTopics(declarations, snapshot, deadLetters.topic);
}

async function change(
  command: AddCommand | RemoveCommand,
  config: LoadedConfig,
  io: TopicsIo,
): Promise<number> {
  const { etcd } = config.settings;
  if (etcd === null) {
    throw new PenstockError(
      "config_invalid",
      `${config.file} has no etcd section, but topics are added to etcd`,
    );
  }
  const outcome = await withStore(etcd, (store) =>
    command.kind === "add" ? add(store, command, etcd, config, io) : remove(store, command, config, io),
  );
  if (outcome.kind === "refused") {
    return reportFailure(new Error(outcome.reason), {
      help: TOPICS_HELP,
      json: command.json,
      write: io.error,
    });
  }
  if (command.json) {
    const { action, key, revision } = outcome;
    io.out(`${JSON.stringify({ action, [command.target.kind]: nameOf(command.target), key, revision })}\n`);
  } else {
    io.out(`${sentenceOf(outcome, command.target)}\n`);
  }
  return ExitCode.done;
}

async function add(
  store: DeclarationsStore,
  { key: wanted, target, entry }: AddCommand,
  etcd: EtcdSettings,
  config: LoadedConfig,
  io: TopicsIo,
): Promise<WriteOutcome> {
  const key = wanted ?? keyForNew(etcd.keys, target);
  const rules = entryRefusals(entry, config.settings.deadLetters.topic).map(({ reason }) => reason);
  if (rules.length > 0) {
    return { kind: "refused", reason: `"${nameOf(target)}" was not added: ${rules.join("; ")}` };
  }
  if (placeOf(key, etcd.keys) < 0) {
    io.error(
      `Note: etcd key "${key}" is not in etcd.keys of ${config.file}; hosts with this file do not read it.\n`,
    );
  }
  if (declaredInConfig(config, target)) {
    io.error(`Note: ${config.file} declares "${nameOf(target)}" too, and has precedence over etcd.\n`);
  }
  return write(store, key, { kind: "add", target, entry }, io);
}

function write(
  store: DeclarationsStore,
  key: string,
  edit: DeclarationsEdit,
  { signal, random }: TopicsIo,
): Promise<WriteOutcome> {
  const wait = (ms: number, until: AbortSignal) => delay(ms, undefined, { signal: until });
  return writeEdit({ key, edit, revision: null }, { store, wait, random, signal });
}

async function remove(
  store: DeclarationsStore,
  { key, target }: RemoveCommand,
  config: LoadedConfig,
  io: TopicsIo,
): Promise<WriteOutcome> {
  const keys = key === null ? await keysDeclaring(store, target, io.signal) : [key];
  const [only, ...others] = keys;
  if (only !== undefined && others.length === 0) return write(store, only, { kind: "remove", target }, io);
  const name = nameOf(target);
  if (only !== undefined) {
    return {
      kind: "refused",
      reason: `several etcd keys declare "${name}": ${keys.join(", ")}; choose one with --key`,
    };
  }
  const where = declaredInConfig(config, target) ? `; ${config.file} declares it: edit that file` : "";
  return { kind: "refused", reason: `no etcd key declares "${name}"${where}` };
}

function declaredInConfig({ declarations }: LoadedConfig, target: DeclarationTarget): boolean {
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

if (import.meta.main) await runCommand((argv, io) => main(argv, { ...io, error: printError }));
